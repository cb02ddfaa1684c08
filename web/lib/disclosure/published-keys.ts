/** What the installation publishes, and what time it is there: this device's clock may be wrong by any amount. */

import type { JSONWebKeySet } from "jose";
import { request } from "@/lib/call-server";

export interface Published {
  keys: JSONWebKeySet;
  /** The server's wall clock now. */
  time(): Date;
}

export class PublishedKeys {
  #published: Promise<Published> | null = null;

  /** Asked for once; after a failure the next call asks again. Throws ApiError. */
  get(): Promise<Published> {
    if (this.#published === null) {
      const asked = ask();
      this.#published = asked;
      asked.catch(() => {
        if (this.#published === asked) this.#published = null;
      });
    }
    return this.#published;
  }
}

async function ask(): Promise<Published> {
  const response = await request("/.well-known/talchum.json", { method: "GET" });
  const then = Date.parse(response.headers.get("date") ?? "");
  const began = performance.now();
  const server = Number.isNaN(then) ? Date.now() : then;
  return {
    keys: (await response.json()) as JSONWebKeySet,
    time: () => new Date(server + performance.now() - began),
  };
}
