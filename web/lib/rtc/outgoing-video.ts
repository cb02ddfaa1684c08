/**
 * The one place that decides which video goes to other participants.
 *
 * Fail closed by type: `show` takes an OutgoingTrack, and there are only three ways to make one.
 *   ReturnedTrack  what a face worker sent back          (made by face-leg.ts from its receiver)
 *   CardTrack      a drawn card                          (made by card-track.ts from its canvas)
 *   OwnFaceTrack   the camera, with a confirmation token (made here; the token only by a person's confirmed choice)
 * A bare MediaStreamTrack does not type-check; at run time the private fields make a forged object fail as well.
 * tests: outgoing-video.test.ts, and camera-boundary.test.ts, which reads the sources for other ways to a sender.
 */

/** A face worker's answer: frames made by its compositor. */
export class ReturnedTrack {
  readonly kind = "returned";
  readonly #track: MediaStreamTrack;

  constructor(receiver: RTCRtpReceiver) {
    this.#track = receiver.track;
  }

  get track(): MediaStreamTrack {
    return this.#track;
  }

  static is(value: OutgoingTrack): value is ReturnedTrack {
    return #track in value;
  }
}

/** A canvas or generator that draws a card; never a device. */
export class CardTrack {
  readonly kind = "card";
  readonly #track: MediaStreamTrack;

  constructor(track: MediaStreamTrack) {
    // A capture device has a deviceId that is not empty; a canvas or generator has none.
    if ((track.getSettings().groupId ?? "") !== "") throw new CameraRefused("a card made from a device");
    this.#track = track;
  }

  get track(): MediaStreamTrack {
    return this.#track;
  }

  static is(value: OutgoingTrack): value is CardTrack {
    return #track in value;
  }
}

/** A person's confirmed wish to be seen with their own face; choosing a face afterwards revokes it for good. */
export class OwnFaceConfirmation {
  #valid = true;

  get valid(): boolean {
    return this.#valid;
  }

  revoke(): void {
    this.#valid = false;
  }
}

/** The camera itself; exists only beside a confirmation. */
export class OwnFaceTrack {
  readonly kind = "own-face";
  readonly #track: MediaStreamTrack;
  readonly confirmation: OwnFaceConfirmation;

  constructor(track: MediaStreamTrack, confirmation: OwnFaceConfirmation) {
    this.#track = track;
    this.confirmation = confirmation;
  }

  get track(): MediaStreamTrack {
    return this.#track;
  }

  static is(value: OutgoingTrack): value is OwnFaceTrack {
    return #track in value;
  }
}

export type OutgoingTrack = ReturnedTrack | CardTrack | OwnFaceTrack;

/** Something tried to send the camera while a face is chosen. */
export class CameraRefused extends Error {
  readonly code = "camera_refused";

  constructor(what: string) {
    super(`got ${what}, expected a returned track or a card`);
    this.name = "CameraRefused";
  }
}

/** What may go out: nothing but faces and cards, or also the own face under this very confirmation. */
type Permission = { faceOnly: true } | { faceOnly: false; confirmation: OwnFaceConfirmation };

export class OutgoingVideo {
  readonly #senders = new Set<RTCRtpSender>();
  readonly #listeners = new Set<(track: OutgoingTrack) => void>();
  readonly #card: CardTrack;
  #permission: Permission = { faceOnly: true };
  #current: OutgoingTrack;

  /** card: what is shown until something else may be, and whenever in doubt. */
  constructor(card: CardTrack) {
    this.#card = card;
    this.#current = card;
  }

  get current(): OutgoingTrack {
    return this.#current;
  }

  /** Be told what goes out from now on (the self-view). Returns how to stop. */
  subscribe(listener: (track: OutgoingTrack) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#current);
    return () => this.#listeners.delete(listener);
  }

  /** Only faces and cards from now on: an own face that is going out is replaced by the card at once. */
  requireFace(): void {
    if (!this.#permission.faceOnly) this.#permission.confirmation.revoke();
    this.#permission = { faceOnly: true };
    if (OwnFaceTrack.is(this.#current)) this.show(this.#card);
  }

  /** The person confirmed that they want to be seen as they are. */
  permitOwnFace(confirmation: OwnFaceConfirmation): void {
    if (!confirmation.valid) throw new CameraRefused("a revoked confirmation");
    this.#permission = { faceOnly: false, confirmation };
  }

  /** Send this to every participant, without renegotiation. Throws CameraRefused; the card then goes out. */
  show(next: OutgoingTrack): void {
    try {
      this.#check(next);
    } catch (error) {
      this.#place(this.#card);
      throw error;
    }
    this.#place(next);
  }

  showCard(): void {
    this.#place(this.#card);
  }

  /** Send what is shown over a new connection. Returns the transceiver's sender. */
  addTo(connection: RTCPeerConnection): RTCRtpSender {
    const sender = connection.addTrack(this.#current.track);
    this.#senders.add(sender);
    return sender;
  }

  /** Send what is shown over a sender that an offer of the other side brought. */
  async adopt(sender: RTCRtpSender): Promise<void> {
    this.#senders.add(sender);
    await sender.replaceTrack(this.#current.track);
  }

  release(sender: RTCRtpSender): void {
    this.#senders.delete(sender);
  }

  #check(next: OutgoingTrack): void {
    if (ReturnedTrack.is(next) || CardTrack.is(next)) return;
    if (!OwnFaceTrack.is(next)) throw new CameraRefused("a track of unknown origin");
    if (this.#permission.faceOnly) throw new CameraRefused("the own face while a face is chosen");
    if (next.confirmation !== this.#permission.confirmation || !next.confirmation.valid) {
      throw new CameraRefused("the own face without its confirmation");
    }
  }

  #place(next: OutgoingTrack): void {
    if (next === this.#current) return;
    this.#current = next;
    for (const sender of this.#senders) {
      // A sender whose connection has closed meanwhile rejects; there is nobody left to show anything to.
      sender.replaceTrack(next.track).catch(() => this.#senders.delete(sender));
    }
    for (const listener of this.#listeners) listener(next);
  }
}
