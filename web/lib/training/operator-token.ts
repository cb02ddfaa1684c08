/**
 * The secret of whoever runs this installation, out of the link that `talchum up` prints (`/train/#TOKEN`).
 *
 * The fragment reaches no server and no referrer, the session's storage ends with the tab, and the address bar is
 * cleared at once, so that no bookmark, history or screen that is shared keeps it.
 */

const STORED_AS = "talchum:operator";
const TOKEN = /^[A-Za-z0-9._~-]{8,256}$/;

interface Place {
  location: Pick<Location, "hash" | "pathname" | "search">;
  history: Pick<History, "replaceState" | "state">;
  sessionStorage: Pick<Storage, "getItem" | "setItem">;
}

/** The token of the link, else the one that this tab came with before, else null. */
export function takeOperatorToken({ location, history, sessionStorage }: Place): string | null {
  const token = location.hash.slice(1);
  if (token === "") return sessionStorage.getItem(STORED_AS);
  history.replaceState(history.state, "", location.pathname + location.search);
  if (!TOKEN.test(token)) return sessionStorage.getItem(STORED_AS);
  sessionStorage.setItem(STORED_AS, token);
  return token;
}

/** A token that was refused does not come back. */
export function forgetOperatorToken(storage: Pick<Storage, "removeItem">): void {
  storage.removeItem(STORED_AS);
}
