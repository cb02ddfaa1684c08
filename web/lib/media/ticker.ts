/** A steady tick that goes on in hidden tabs, where timers of the page itself come once a second at best. */

/**
 * Call `onTick` every `intervalMs`. Returns how to stop.
 *
 * A browser without workers (or a test) falls back to a timer of the page.
 */
export function startTicker(intervalMs: number, onTick: () => void): () => void {
  if (typeof Worker === "undefined") {
    const timer = setInterval(onTick, intervalMs);
    return () => clearInterval(timer);
  }
  const worker = new Worker("/ticker.js", { name: "talchum-ticker" });
  worker.onmessage = onTick;
  worker.postMessage(intervalMs);
  return () => worker.terminate();
}
