import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ClientBody, Peer } from "@/lib/signalling/messages";
import { FakeConnection } from "@/testing/fake-connection";
import { asTrack, drawing, FakeStream, FakeTrack } from "@/testing/fake-media";
import { KeptRecordings } from "./kept-recordings";
import { CardTrack, OutgoingVideo } from "./outgoing-video";
import { Recording, type RecordingMessage, type RecordingStatus } from "./recording";

const RECORDER: Peer = {
  id: "r1",
  role: "recorder",
  polite: false,
  state: { face: null, ownFace: false, camera: false, microphone: false },
  faceLeg: null,
  present: true,
};

const state = (change: Partial<RecordingMessage>): RecordingMessage => ({
  type: "recording-state",
  seq: 1,
  recording: "one",
  phase: "asked",
  askedBy: "other",
  agreedBy: ["other"],
  reason: "",
  file: "",
  ...change,
});

describe("Recording", () => {
  let recording: Recording;
  let sent: ClientBody[];
  let status: RecordingStatus | null;
  let files: readonly string[];

  const visit = () =>
    new Recording({
      send: (message) => sent.push(message),
      configuration: () => ({}),
      outgoing: new OutgoingVideo(new CardTrack(asTrack(drawing()))),
      voice: () => asTrack(new FakeTrack("audio", "microphone")),
      kept: new KeptRecordings("room", sessionStorage),
      onChange: (...changed) => {
        [status, files] = changed;
      },
    });
  const agreed = (phase: RecordingMessage["phase"]) =>
    state({ phase, agreedBy: ["other", "me"], file: phase === "starting" ? "secret" : "" });
  const running = (): FakeConnection => {
    recording.handle(agreed("starting"));
    recording.joined(RECORDER);
    recording.handle(agreed("running"));
    const [connection] = FakeConnection.made;
    if (connection === undefined) throw new Error("no connection to the recorder");
    return connection;
  };

  beforeEach(() => {
    vi.stubGlobal("RTCPeerConnection", FakeConnection);
    vi.stubGlobal("RTCRtpReceiver", {});
    vi.stubGlobal("MediaStream", FakeStream);
    FakeConnection.made = [];
    sent = [];
    status = null;
    files = [];
    sessionStorage.clear();
    recording = visit();
    recording.begin("me");
  });

  it("is asked for, and says who asked and whether this side agreed", () => {
    recording.ask();
    expect(sent).toEqual([{ type: "recording-request" }]);
    recording.handle(state({ askedBy: "me", agreedBy: ["me"] }));
    expect(status).toMatchObject({ phase: "asked", mine: true, agreed: true });
    recording.handle(state({}));
    expect(status).toMatchObject({ mine: false, agreed: false });
  });

  it("sends a recorder what the other participant is sent", () => {
    const connection = running();
    expect(connection.senders.map(({ track }) => track?.label)).toEqual(["canvas", "microphone"]);
    expect(status).toMatchObject({ phase: "running", file: "secret" });
  });

  it("sends nothing to a recorder that this side did not agree to", () => {
    recording.joined(RECORDER);
    recording.handle(state({}));
    recording.joined(RECORDER);
    recording.handle(state({ phase: "running" }));
    recording.joined(RECORDER);
    expect(FakeConnection.made).toEqual([]);
  });

  it("ends the connection by itself when the agreement is taken back", () => {
    const connection = running();
    recording.answer(false);
    expect(connection.signalingState).toBe("closed");
    expect(sent.at(-1)).toEqual({ type: "recording-answer", recording: "one", agree: false });
  });

  it.each(["withdrawn", "left"])("ends it when the recording stopped: %s", (reason) => {
    const connection = running();
    recording.handle(state({ phase: "stopped", reason }));
    expect(connection.signalingState).toBe("closed");
    expect(status).toMatchObject({ phase: "stopped", reason, file: "secret" });
  });

  it("says that it is too soon to ask again, and nothing of what others were refused", () => {
    recording.refused("peer_unknown");
    expect(status).toBeNull();
    recording.refused("recording_paused");
    expect(status).toMatchObject({ phase: "stopped", reason: "recording_paused", file: "" });
    running();
    recording.refused("recording_paused");
    expect(status).toMatchObject({ phase: "running" });
  });

  it("goes on with what the recorder says, and leaves what others say alone", () => {
    running();
    const candidate = { candidate: "", sdpMid: null, sdpMLineIndex: null, usernameFragment: null };
    expect(recording.receive({ type: "candidate", seq: 2, from: "r1", candidate })).not.toBeNull();
    expect(recording.receive({ type: "candidate", seq: 3, from: "other", candidate })).toBeNull();
  });

  it("is over in a new session, but what was recorded can still be fetched", () => {
    running();
    expect(files).toEqual([]);
    recording.begin("me");
    expect([status, files]).toEqual([null, ["secret"]]);
  });

  it("can still be fetched after a reload, whether it ran then or was over", () => {
    running();
    recording.close();
    const reloaded = visit();
    reloaded.begin("me");
    expect([status, files]).toEqual([null, ["secret"]]);
    reloaded.handle({ ...agreed("starting"), recording: "two", file: "another" });
    expect(files).toEqual(["secret"]);
    reloaded.handle(state({ recording: "two", phase: "stopped", reason: "joined" }));
    reloaded.handle(state({ recording: "three" }));
    expect(files).toEqual(["secret", "another"]);
  });

  it("is over for who leaves, who hears no more of it", () => {
    running();
    recording.close();
    expect([status?.phase, status?.reason, files]).toEqual(["stopped", "left", ["secret"]]);
  });

  it("leaves no file where no recorder came, nor one that is not there", () => {
    recording.handle(agreed("starting"));
    recording.handle(state({ phase: "stopped", reason: "no_recorder" }));
    expect(files).toEqual([]);
    running();
    recording.handle(state({ phase: "stopped", reason: "recorder_lost" }));
    expect(files).toEqual(["secret"]);
    recording.forget("secret");
    expect([status?.reason, files]).toEqual(["recorder_lost", []]);
  });
});
