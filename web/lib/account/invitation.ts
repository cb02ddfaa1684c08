/**
 * What a link to the account's page brings: the operator's invitation (`#TOKEN`), or why a provider did not sign in
 * (`#error=CODE`). The address bar is cleared, so that nothing keeps it.
 */

const TOKEN = /^[A-Za-z0-9_-]{8,256}$/;

const FAILURE = /^error=([a-z_]{1,64})$/;

interface Place {
  location: Pick<Location, "hash" | "pathname" | "search">;
  history: Pick<History, "replaceState" | "state">;
}

/** token: of the invitation, empty where there is none; failure: a code. */
export function takeFragment({ location, history }: Place): { token: string; failure: string | null } {
  const fragment = location.hash.slice(1);
  if (fragment === "") return { token: "", failure: null };
  history.replaceState(history.state, "", location.pathname + location.search);
  const failure = FAILURE.exec(fragment)?.[1] ?? null;
  return { token: TOKEN.test(fragment) ? fragment : "", failure };
}
