/** Keeps the screen on during a call, also after the page was hidden and came back. */

/** Returns how to let the screen sleep again. */
export function keepScreenOn(): () => void {
  let lock: WakeLockSentinel | null = null;
  let wanted = true;
  const acquire = async (): Promise<void> => {
    if (!wanted || document.visibilityState !== "visible" || navigator.wakeLock === undefined) return;
    // Refused on low battery or by policy: the call goes on without it.
    lock = await navigator.wakeLock.request("screen").catch(() => null);
    if (!wanted) void lock?.release();
  };
  const onVisible = (): void => void acquire();
  document.addEventListener("visibilitychange", onVisible);
  void acquire();
  return () => {
    wanted = false;
    document.removeEventListener("visibilitychange", onVisible);
    void lock?.release();
  };
}
