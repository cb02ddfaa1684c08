/** Wi-Fi to mobile and back, sleep and wake: told at once, instead of waiting for timers. */

export interface NetworkEvents {
  /** There is a network again, or another one. */
  onChanged(): void;
  /** The page is looked at again: it may have slept. */
  onVisible(): void;
}

/** Follow the machine's network. Returns how to stop. */
export function followNetwork({ onChanged, onVisible }: NetworkEvents): () => void {
  const visible = (): void => {
    if (document.visibilityState === "visible") onVisible();
  };
  window.addEventListener("online", onChanged);
  document.addEventListener("visibilitychange", visible);
  const stopFollowingKind = followKind(onChanged);
  return () => {
    window.removeEventListener("online", onChanged);
    document.removeEventListener("visibilitychange", visible);
    stopFollowingKind();
  };
}

/** `change` also fires when only an estimate changes; a new kind of network is what matters. */
function followKind(onChanged: () => void): () => void {
  const connection = (navigator as { connection?: EventTarget & { type?: string } }).connection;
  let kind = connection?.type;
  const changed = (): void => {
    const now = connection?.type;
    if (now !== kind) onChanged();
    kind = now;
  };
  connection?.addEventListener("change", changed);
  return () => connection?.removeEventListener("change", changed);
}
