/** The call server's HTTP interface to examinations of videos: docs/trust.md, "In the browser". */

import { ApiError, ask, post, refusal, request } from "@/lib/call-server";

export type Verdict = "marked" | "marked-inconsistent" | "not-detected";
export type MarkKind = "card" | "anonymise" | "synthetic" | "self" | "licensed";
export type CredentialsState = "none" | "trusted" | "valid" | "invalid";

/** Seconds of the video that carry one invisible mark. */
export interface MarkedInterval {
  start: number;
  end: number;
  kind: MarkKind;
  tag: string;
  confidence: number;
}

/** What the log of this installation says of a face leg; moments are ISO 8601. */
export interface LoggedLeg {
  started: string | null;
  ended: string | null;
  kinds: string[];
  revoked: string | null;
}

/** What `talchum verify --json` prints. */
export interface Report {
  verdict: Verdict;
  disagreements: string[];
  seconds: number;
  truncated: boolean;
  mark: {
    confidence: number;
    seconds: number;
    partial: boolean;
    mirrored: boolean;
    intervals: MarkedInterval[];
  };
  badge: { pictures: number; read: number; tags: Record<string, number> };
  /** namesTalchum: whether they claim, rightly or not, to be of a recording that Talchum made. */
  credentials: { state: CredentialsState; tags: string[]; namesTalchum: boolean };
  /** By tag, null for one that is not in it; null where the log could not be asked. */
  log: Record<string, LoggedLeg | null> | null;
  note?: string;
}

export type Doing = "" | "reading" | "searching" | "reading again";

export interface Verification {
  id: string;
  state: "waiting" | "receiving" | "examining" | "succeeded" | "failed";
  doing: Doing;
  share: number;
  report: Report | null;
  error: { code: string; message: string; retryable: boolean } | null;
}

/** Whether videos are taken, and how large. */
export interface Terms {
  open: boolean;
  maxBytes: number;
}

const VERIFICATIONS = "/api/verifications";
const place = (id: string): string => `${VERIFICATIONS}/${encodeURIComponent(id)}`;

/** Every method throws ApiError. */
export interface VerificationApi {
  terms(): Promise<Terms>;
  /** A place for a file of so many bytes. */
  reserve(size: number): Promise<string>;
  /** Send the file. sent: hears the share that is gone. Aborted, it throws ApiError too. */
  send(id: string, file: Blob, sent: (share: number) => void, signal: AbortSignal): Promise<void>;
  look(id: string): Promise<Verification>;
  /** End it and forget it; goes out even as the page closes. */
  forget(id: string): Promise<void>;
}

export const verificationApi: VerificationApi = {
  async terms() {
    return (await ask(VERIFICATIONS, { method: "GET" })) as Terms;
  },

  async reserve(size) {
    return ((await ask(VERIFICATIONS, post({ size }))) as Verification).id;
  },

  send(id, file, sent, signal) {
    // fetch() says nothing of how far an upload is
    return new Promise((resolve, reject) => {
      const upload = new XMLHttpRequest();
      const broken = (): void => reject(new ApiError("unreachable", "the file did not arrive", true));
      upload.upload.onprogress = (event) => event.lengthComputable && sent(event.loaded / event.total);
      upload.onload = () => {
        if (upload.status < 300) resolve();
        else reject(refusal(upload.status, parsed(upload.responseText)));
      };
      upload.onerror = broken;
      upload.onabort = broken;
      signal.addEventListener("abort", () => upload.abort(), { once: true });
      upload.open("PUT", `${place(id)}/file`);
      upload.setRequestHeader("content-type", "application/octet-stream");
      upload.send(file);
      if (signal.aborted) upload.abort();
    });
  },

  async look(id) {
    return (await ask(place(id), { method: "GET" })) as Verification;
  },

  async forget(id) {
    await request(place(id), { method: "DELETE", keepalive: true });
  },
};

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
