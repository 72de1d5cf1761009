/** One requestAnimationFrame for the whole page: plots and ages are drawn together, once per screen refresh. */
const listeners = new Set<(nowMs: number) => void>();
let running = false;

function run(nowMs: number): void {
  for (const listener of listeners) listener(nowMs);
  if (listeners.size > 0) requestAnimationFrame(run);
  else running = false;
}

/** @returns a function that stops the calls */
export function onFrame(listener: (nowMs: number) => void): () => void {
  listeners.add(listener);
  if (!running) {
    running = true;
    requestAnimationFrame(run);
  }
  return () => listeners.delete(listener);
}
