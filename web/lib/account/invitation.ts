/** The operator's invitation out of a link (`/account/#TOKEN`); the address bar is cleared, so that nothing keeps it. */

const TOKEN = /^[A-Za-z0-9_-]{8,256}$/;

interface Place {
  location: Pick<Location, "hash" | "pathname" | "search">;
  history: Pick<History, "replaceState" | "state">;
}

/** The token of the link, empty where there is none. */
export function takeInvitation({ location, history }: Place): string {
  const token = location.hash.slice(1);
  if (token === "") return "";
  history.replaceState(history.state, "", location.pathname + location.search);
  return TOKEN.test(token) ? token : "";
}
