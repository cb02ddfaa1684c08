import { FakeTrack } from "./fake-media";

export class FakeSender {
  track: FakeTrack | null;
  /** Every track this sender ever carried, in order. */
  readonly carried: (FakeTrack | null)[] = [];
  #parameters = { encodings: [{}] as { maxBitrate?: number }[], transactionId: "", codecs: [] };

  constructor(track: FakeTrack | null) {
    this.track = track;
    this.carried.push(track);
  }

  async replaceTrack(track: FakeTrack | null): Promise<void> {
    this.track = track;
    this.carried.push(track);
  }

  getParameters(): typeof this.parameters {
    return this.#parameters;
  }

  async setParameters(parameters: typeof this.parameters): Promise<void> {
    this.#parameters = parameters;
  }

  get parameters() {
    return this.#parameters;
  }
}

export class FakeTransceiver {
  mid: string | null = null;
  direction = "sendrecv";
  currentDirection: string | null = null;
  readonly sender: FakeSender;
  readonly receiver: { track: FakeTrack; getStats(): Promise<Map<string, unknown>> };

  constructor(kind: "audio" | "video", track: FakeTrack | null) {
    this.sender = new FakeSender(track);
    this.receiver = { track: new FakeTrack(kind, "remote"), getStats: async () => new Map() };
  }

  setCodecPreferences(): void {}
}

export class FakeChannel {
  readonly label: string;
  readyState: "connecting" | "open" | "closed" = "connecting";
  readonly sent: unknown[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;

  constructor(label: string) {
    this.label = label;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  open(): void {
    this.readyState = "open";
    this.onopen?.();
  }
}

/** An RTCPeerConnection without media: the negotiation states of JSEP (RFC 9429, 3.2) and nothing else. */
export class FakeConnection {
  static made: FakeConnection[] = [];

  readonly channels: FakeChannel[] = [];
  readonly transceivers: FakeTransceiver[] = [];
  readonly candidates: unknown[] = [];
  configuration: RTCConfiguration;
  signalingState: "stable" | "have-local-offer" | "have-remote-offer" | "closed" = "stable";
  connectionState = "new";
  iceConnectionState = "new";
  localDescription: { type: string; sdp: string } | null = null;
  remoteDescription: { type: string; sdp: string } | null = null;
  iceRestarts = 0;
  rollbacks = 0;
  onnegotiationneeded: (() => void) | null = null;
  onicecandidate: ((event: { candidate: unknown }) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  oniceconnectionstatechange: (() => void) | null = null;
  ontrack: ((event: unknown) => void) | null = null;

  #negotiationNeeded = false;

  constructor(configuration: RTCConfiguration) {
    this.configuration = configuration;
    FakeConnection.made.push(this);
  }

  get senders(): FakeSender[] {
    return this.transceivers.map((transceiver) => transceiver.sender);
  }

  /** Every video track that was ever put on this connection. */
  get videoEverSent(): FakeTrack[] {
    return this.senders
      .flatMap((sender) => sender.carried)
      .filter((track) => track?.kind === "video") as FakeTrack[];
  }

  addTrack(track: FakeTrack): FakeSender {
    return this.#add(track.kind, track).sender;
  }

  addTransceiver(what: FakeTrack | "audio" | "video", { direction = "sendrecv" } = {}): FakeTransceiver {
    const transceiver = typeof what === "string" ? this.#add(what, null) : this.#add(what.kind, what);
    transceiver.direction = direction;
    return transceiver;
  }

  getTransceivers(): FakeTransceiver[] {
    return this.transceivers;
  }

  createDataChannel(label: string): FakeChannel {
    const channel = new FakeChannel(label);
    this.channels.push(channel);
    this.#needNegotiation();
    return channel;
  }

  async setLocalDescription(): Promise<void> {
    this.#negotiationNeeded = false;
    const type = this.signalingState === "have-remote-offer" ? "answer" : "offer";
    this.localDescription = { type, sdp: `${type} ${this.iceRestarts}` };
    this.signalingState = type === "answer" ? "stable" : "have-local-offer";
    this.transceivers.forEach((transceiver, index) => {
      transceiver.mid ??= String(index);
    });
  }

  async setRemoteDescription(description: { type: string; sdp: string }): Promise<void> {
    if (description.type === "offer") {
      if (this.signalingState === "have-local-offer") this.rollbacks += 1;
      this.signalingState = "have-remote-offer";
      for (const kind of ["video", "audio"] as const) this.#receive(kind);
    } else {
      if (this.signalingState !== "have-local-offer")
        throw new DOMException("wrong state", "InvalidStateError");
      this.signalingState = "stable";
    }
    this.remoteDescription = description;
  }

  async addIceCandidate(candidate: unknown): Promise<void> {
    if (this.remoteDescription === null) throw new DOMException("no remote description", "InvalidStateError");
    this.candidates.push(candidate);
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.configuration = configuration;
  }

  restartIce(): void {
    this.iceRestarts += 1;
    this.#needNegotiation();
  }

  async getStats(): Promise<Map<string, unknown>> {
    return new Map();
  }

  close(): void {
    this.signalingState = "closed";
  }

  become(connectionState: string, iceConnectionState = connectionState): void {
    this.connectionState = connectionState;
    this.iceConnectionState = iceConnectionState;
    this.onconnectionstatechange?.();
  }

  deliver(kind: "audio" | "video"): void {
    const transceiver = this.transceivers.find((candidate) => candidate.receiver.track.kind === kind);
    this.ontrack?.({ track: transceiver?.receiver.track, receiver: transceiver?.receiver, transceiver });
  }

  #add(kind: "audio" | "video", track: FakeTrack | null): FakeTransceiver {
    const transceiver = new FakeTransceiver(kind, track);
    this.transceivers.push(transceiver);
    this.#needNegotiation();
    return transceiver;
  }

  #receive(kind: "audio" | "video"): void {
    const own = this.transceivers.find((transceiver) => transceiver.receiver.track.kind === kind);
    const transceiver = own ?? new FakeTransceiver(kind, null);
    if (own === undefined) this.transceivers.push(transceiver);
    transceiver.mid = kind;
  }

  #needNegotiation(): void {
    this.#negotiationNeeded = true;
    // A task, as in W3C WebRTC 4.7.3, so that what the page does in one go counts as one.
    setTimeout(() => {
      if (this.#negotiationNeeded && this.signalingState === "stable") this.onnegotiationneeded?.();
    }, 0);
  }
}
