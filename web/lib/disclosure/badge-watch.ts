/** What the badges that were read of one picture, over time, say of it. */

export type BadgeState =
  /** Not looked for long enough. */
  | "unknown"
  /** A badge of a disclosed leg was read not long ago. */
  | "matches"
  /** None can be read: no alarm, for a small or broken picture cannot show one. */
  | "unread"
  /** A badge of another leg than was disclosed, or one in a picture that is declared to be an own face. */
  | "foreign";

const UNREAD_AFTER_MS = 10_000;
/** One wrong reading may be of a frame on its way while legs changed; two in a row are not. */
const FOREIGN_AFTER = 2;

export class BadgeWatch {
  #state: BadgeState = "unknown";
  #since: number | null = null;
  #foreign = 0;

  get state(): BadgeState {
    return this.#state;
  }

  /**
   * A picture was looked at. tag: what its badge says, null for no badge that could be read. expected: the tags of the
   * disclosed legs; null where there must be no badge at all. now: ms, and ever more.
   */
  look(tag: string | null, expected: readonly string[] | null, now: number): BadgeState {
    this.#since ??= now;
    if (tag !== null && expected?.includes(tag) === true) this.#read("matches", now);
    else if (tag !== null) {
      this.#foreign += 1;
      if (this.#foreign >= FOREIGN_AFTER) this.#read("foreign", now);
    } else if (expected !== null && this.#state !== "foreign" && now - this.#since >= UNREAD_AFTER_MS) {
      this.#state = "unread";
    }
    return this.#state;
  }

  #read(state: "matches" | "foreign", now: number): void {
    this.#state = state;
    this.#since = now;
    if (state === "matches") this.#foreign = 0;
  }
}
