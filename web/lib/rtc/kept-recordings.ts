/**
 * What opens the recordings of a room that this tab was told of.
 *
 * It is told once, when a recording starts, so that it must survive a reload; it goes when the tab goes.
 */

export class KeptRecordings {
  readonly #key: string;
  readonly #storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;

  /** storage: sessionStorage: one tab, one participant. */
  constructor(room: string, storage: Pick<Storage, "getItem" | "setItem" | "removeItem">) {
    this.#key = `talchum:recordings:${room}`;
    this.#storage = storage;
  }

  /** The oldest first. */
  get files(): string[] {
    try {
      const saved: unknown = JSON.parse(this.#storage.getItem(this.#key) ?? "[]");
      return Array.isArray(saved) ? saved.filter((file) => typeof file === "string") : [];
    } catch {
      return [];
    }
  }

  add(file: string): void {
    this.#save([...this.files.filter((known) => known !== file), file]);
  }

  forget(file: string): void {
    this.#save(this.files.filter((known) => known !== file));
  }

  #save(files: string[]): void {
    if (files.length === 0) this.#storage.removeItem(this.#key);
    else this.#storage.setItem(this.#key, JSON.stringify(files));
  }
}
