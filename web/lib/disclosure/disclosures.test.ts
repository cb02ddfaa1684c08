// @vitest-environment node
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClientBody, IdentityKind } from "@/lib/signalling/messages";
import { Disclosures } from "./disclosures";
import { roomName } from "./room-name";
import { DISCLOSURE_TYPE } from "./statement";

const ROOM = "kB9vXh2Qm0S3r7TzYc1eWg";
const HEX = Array(32).fill("0A").join(":");
const OTHER = Array(32).fill("0B").join(":");
const SERVER_TIME = Date.parse("2031-05-04T03:02:01Z"); // not at all what the clock here says

const pair = await generateKeyPair("Ed25519");
const keys = [{ ...(await exportJWK(pair.publicKey)), alg: "EdDSA" }];

async function statement(
  change: { kind?: IdentityKind; engine?: string; tag?: string; [claim: string]: unknown } = {},
): Promise<string> {
  const { kind = "synthetic", engine = "neural", tag = "4G7ZQK2M", ...claims } = change;
  return new SignJWT({
    iat: SERVER_TIME / 1_000,
    exp: SERVER_TIME / 1_000 + 3_600,
    room: await roomName(ROOM),
    performer: "p1",
    legs: [{ tag, kind, engine }],
    fingerprint: `sha-256 ${HEX}`,
    ...claims,
  })
    .setProtectedHeader({ alg: "EdDSA", typ: DISCLOSURE_TYPE })
    .sign(pair.privateKey);
}

describe("Disclosures", () => {
  let disclosures: Disclosures;
  let sent: ClientBody[];
  let connection: {
    remoteDescription: { sdp: string } | null;
    connectionState: string;
    getStats(): Promise<Map<string, object>>;
  } | null;
  let certificate: string | null;
  const fetched = vi.fn<() => Promise<Response>>();

  const gate = (kind: IdentityKind = "synthetic") =>
    disclosures.of({ id: "p1", state: { face: { kind }, ownFace: false, camera: true, microphone: true } })
      .gate;
  const becomes = (state: string, kind?: IdentityKind) =>
    vi.waitFor(() => expect(gate(kind).state).toBe(state), { interval: 5 });

  beforeEach(() => {
    fetched
      .mockReset()
      .mockImplementation(async () =>
        Response.json({ keys }, { headers: { date: new Date(SERVER_TIME).toUTCString() } }),
      );
    vi.stubGlobal("fetch", fetched);
    certificate = HEX;
    connection = {
      remoteDescription: { sdp: `v=0\r\na=fingerprint:sha-256 ${HEX}\r\n` },
      connectionState: "connected",
      getStats: async () =>
        new Map<string, object>([
          ["t", { type: "transport", remoteCertificateId: certificate === null ? undefined : "c" }],
          ["c", { type: "certificate", fingerprint: certificate, fingerprintAlgorithm: "sha-256" }],
        ]),
    };
    sent = [];
    disclosures = new Disclosures({
      room: ROOM,
      connection: () => connection as unknown as RTCPeerConnection | null,
      performerOf: (worker) => (worker === "w1" ? "p1" : null),
      send: (message) => sent.push(message),
      onChange: () => undefined,
    });
  });

  afterEach(() => {
    disclosures.close();
    vi.unstubAllGlobals();
  });

  it("ask, and open once somebody knows, which the performer is told", async () => {
    expect(gate().state).toBe("waiting");
    disclosures.receive("p1", await statement());
    await becomes("ask");
    expect(sent).toEqual([]);
    disclosures.acknowledge("p1");
    expect(gate().state).toBe("open");
    expect(sent).toEqual([{ type: "disclosure-acknowledged", to: "p1", tags: ["4G7ZQK2M"] }]);
    disclosures.acknowledge("p1");
    expect(sent).toHaveLength(1);
  });

  it("stay open for another engine and another leg of the same kind, and say so by themselves", async () => {
    disclosures.receive("p1", await statement());
    await becomes("ask");
    disclosures.acknowledge("p1");
    disclosures.receive("p1", await statement({ engine: "portrait", tag: "00000001" }));
    expect(gate().state).toBe("open");
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    expect(gate().state).toBe("open");
    expect(sent[1]).toMatchObject({ tags: ["00000001"] });
    expect(
      disclosures.of({ id: "p1", state: { face: null, ownFace: false, camera: true, microphone: true } }),
    ).toMatchObject({ tags: ["00000001", "4G7ZQK2M"], legs: [{ engine: "portrait" }] });
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  it("open for a performer's own worker with what is known of them, told for its own connection", async () => {
    const state = { face: { kind: "synthetic" }, ownFace: false, camera: true, microphone: true } as const;
    const ofWorker = () => disclosures.of({ id: "w1", state }).gate.state;
    disclosures.receive("p1", await statement());
    disclosures.receive("w1", await statement());
    await becomes("ask");
    await vi.waitFor(() => expect(ofWorker()).toBe("ask"));
    disclosures.acknowledge("p1");
    expect(ofWorker()).toBe("open");
    const tags = ["4G7ZQK2M"];
    expect(sent).toEqual(["p1", "w1"].map((to) => ({ type: "disclosure-acknowledged", to, tags })));
    disclosures.receive("w2", await statement());
    await vi.waitFor(() => expect(disclosures.of({ id: "w2", state }).gate.state).toBe("failed"));
  });

  it("ask again for another kind", async () => {
    disclosures.receive("p1", await statement());
    await becomes("ask");
    disclosures.acknowledge("p1");
    disclosures.receive("p1", await statement({ kind: "anonymise" }));
    await becomes("ask", "anonymise");
    expect(sent).toHaveLength(1);
  });

  it("wait in the lobby for the connection, and for its transport", async () => {
    const later = connection;
    connection = null;
    disclosures.receive("p1", await statement());
    await vi.waitFor(() => expect(fetched).toHaveBeenCalled());
    disclosures.connectionChanged("p1");
    expect(gate().state).toBe("waiting");
    connection = { ...(later as NonNullable<typeof later>), connectionState: "connecting" };
    await vi.waitFor(() => {
      disclosures.connectionChanged("p1");
      expect(gate().state).toBe("ask");
    });
    disclosures.acknowledge("p1");
    expect(gate().state).toBe("waiting");
    connection.connectionState = "connected";
    disclosures.connectionChanged("p1");
    await becomes("open");
  });

  it.each<[string, () => Promise<string> | string, string]>([
    ["is signed by nobody", async () => `${(await statement()).slice(0, -4)}AAAA`, "unverified"],
    ["is nonsense", () => "nonsense", "unverified"],
    ["is of yesterday", () => statement({ exp: SERVER_TIME / 1_000 - 86_400 }), "unverified"],
    ["is of another room", () => statement({ room: "f".repeat(64) }), "misplaced"],
    ["is of another performer", () => statement({ performer: "p2" }), "misplaced"],
    ["is of another connection", () => statement({ fingerprint: `sha-256 ${OTHER}` }), "misplaced"],
  ])("fail when a statement %s", async (_case, made, reason) => {
    disclosures.receive("p1", await made());
    await becomes("failed");
    expect(gate()).toEqual({ state: "failed", reason });
    disclosures.acknowledge("p1");
    expect(gate().state).toBe("failed");
    expect(sent).toEqual([]);
  });

  it("fail when the transport has another certificate than the description promised", async () => {
    certificate = OTHER;
    disclosures.receive("p1", await statement());
    await becomes("failed");
    expect(gate()).toEqual({ state: "failed", reason: "misplaced" });
  });

  it("take the description's word where the browser shows no certificate", async () => {
    certificate = null;
    disclosures.receive("p1", await statement());
    await becomes("ask");
    disclosures.acknowledge("p1");
    expect(gate().state).toBe("open");
  });

  it("close again when a later statement does not verify", async () => {
    disclosures.receive("p1", await statement());
    await becomes("ask");
    disclosures.acknowledge("p1");
    disclosures.receive("p1", "nonsense");
    await becomes("failed");
    disclosures.receive("p1", await statement());
    await becomes("open");
  });

  it("know nothing of the next connection, but who was asked about a kind", async () => {
    disclosures.receive("p1", await statement());
    await becomes("ask");
    disclosures.acknowledge("p1");
    disclosures.forget("p1");
    expect(gate().state).toBe("waiting");
    disclosures.receive("p1", await statement({ tag: "00000002" }));
    await becomes("open");
    expect(sent).toHaveLength(2);
  });

  it("try again to get the key", async () => {
    vi.useFakeTimers();
    fetched.mockRejectedValueOnce(new TypeError("offline"));
    disclosures.receive("p1", await statement());
    await vi.advanceTimersByTimeAsync(10);
    expect(gate()).toEqual({ state: "failed", reason: "keys_unavailable" });
    await vi.advanceTimersByTimeAsync(2_000);
    vi.useRealTimers();
    await becomes("ask");
  });
});
