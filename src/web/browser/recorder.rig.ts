/** Runs in the page, before its scripts: an independent witness of what was received, and of what was painted as live. */

export interface Recording {
  /** Frames that were painted while a value was marked as live. */
  liveFrames: number;
  /** The worst of them, µs: how much older than its lifespan a value was that was painted as live, aged from its receipt. */
  worstOverLifespanUs: number;
  /** The same by the time in the message: with the way through the network. Bridge and page have one clock here. */
  worstWithWayUs: number;
  /** What was seen then. */
  worst: string;
}

declare global {
  interface Window {
    recording: Recording;
  }
}

/** Self-contained: it is sent to the browser as text. */
export function record(): void {
  const recording: Recording = {
    liveFrames: 0,
    worstOverLifespanUs: Number.NEGATIVE_INFINITY,
    worstWithWayUs: Number.NEGATIVE_INFINITY,
    worst: '',
  };
  window.recording = recording;
  /** By stream: when its newest values are past their lifespan, milliseconds of this page's clock; by each of the two ages. */
  const expiryMs = new Map<string, { byReceipt: number; byTime: number }>();
  const never = { byReceipt: Number.NEGATIVE_INFINITY, byTime: Number.NEGATIVE_INFINITY };
  const take = (state: {
    stream: string;
    time: string | null;
    ageUs: number | null;
    lifespanUs: number;
    live: boolean;
  }) => {
    const { stream, time, ageUs, lifespanUs, live } = state;
    const isLive = live && time !== null && ageUs !== null;
    const nowMs = performance.now();
    const byReceipt = nowMs + (lifespanUs - ageUs!) / 1e3;
    const byTime = nowMs - Date.now() + Date.parse(time!) + lifespanUs / 1e3;
    expiryMs.set(stream, isLive ? { byReceipt, byTime } : never);
  };

  const listen = (data: unknown) => {
    if (typeof data !== 'string') return;
    const [, , , event, payload] = JSON.parse(data);
    if (event === 'state') take(payload);
    const view = event === 'board' ? payload : event === 'phx_reply' ? payload.response?.board : undefined;
    for (const { state } of view?.streams ?? []) if (state !== null) take(state);
  };

  window.WebSocket = class extends WebSocket {
    constructor(url: string | URL) {
      super(url);
      // After the page's own listener: what it may take as live by then is never more than what is taken here.
      queueMicrotask(() => this.addEventListener('message', ({ data }) => listen(data)));
    }
  };

  // What stands in the document after the callbacks of a frame is what that frame shows.
  const afterPaint = (frameMs: number, expiryThenMs: typeof expiryMs) => {
    for (const element of document.querySelectorAll<HTMLElement>('[data-live=true]')) {
      const { byReceipt, byTime } = expiryThenMs.get(element.dataset.stream ?? '') ?? never;
      const overUs = (frameMs - byReceipt) * 1e3;
      recording.liveFrames++;
      recording.worstWithWayUs = Math.max(recording.worstWithWayUs, (frameMs - byTime) * 1e3);
      if (overUs <= recording.worstOverLifespanUs) continue;
      recording.worstOverLifespanUs = overUs;
      recording.worst = element.textContent ?? '';
    }
  };
  let painted = () => {};
  const look = () => {
    painted();
    painted = () => {};
  };
  // The first callback of each frame: a look that is still to come sees the frame before, not this one.
  const everyFrame = (frameMs: number) => {
    look();
    // Messages may come before the look, and are not in this frame; between the callbacks of a frame none does.
    const expiryThenMs = new Map(expiryMs);
    painted = () => afterPaint(frameMs, expiryThenMs);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = look;
    port2.postMessage(null);
    requestAnimationFrame(everyFrame);
  };
  requestAnimationFrame(everyFrame);
}
