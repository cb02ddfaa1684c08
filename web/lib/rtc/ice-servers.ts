/** The STUN and TURN servers of this session, asked for anew before their credentials end. */

import type { IceServer } from "@/lib/signalling/messages";
import { rtcConfiguration } from "./peer";

/** TURN credentials are renewed this long before they end. */
const RENEW_BEFORE_S = 60;

export class IceServers {
  readonly #request: () => void;
  #servers: readonly IceServer[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** request: ask the call server for fresh ones. */
  constructor(request: () => void) {
    this.#request = request;
  }

  /** expireIn: seconds their credentials last. */
  set(servers: readonly IceServer[], expireIn: number): void {
    this.#servers = servers;
    clearTimeout(this.#timer);
    if (!servers.some((server) => server.credential !== "")) return;
    const wait = Math.max(expireIn / 2, expireIn - RENEW_BEFORE_S);
    this.#timer = setTimeout(this.#request, wait * 1000);
  }

  configuration(relayOnly = false): RTCConfiguration {
    return rtcConfiguration(this.#servers, relayOnly);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
