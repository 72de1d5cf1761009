/** Runs in the page, before its scripts: an independent witness of what was received, and of what was painted as live. */

export interface Recording {
  /** Frames that were painted while a value was marked as live. */
  liveFrames: number;
  /** The worst of them, µs: how much older than its lifespan a value was that was painted as live. */
  worstOverLifespanUs: number;
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
  const recording: Recording = { liveFrames: 0, worstOverLifespanUs: Number.NEGATIVE_INFINITY, worst: '' };
  window.recording = recording;
  /** By stream: when its newest values would be past their lifespan, milliseconds of this page's clock. */
  const expiryMs = new Map<string, number>();
  const take = (state: { stream: string; ageUs: number | null; lifespanUs: number; live: boolean }) => {
    const leftUs = state.live && state.ageUs !== null ? state.lifespanUs - state.ageUs : Number.NEGATIVE_INFINITY;
    expiryMs.set(state.stream, performance.now() + leftUs / 1e3);
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
  const afterPaint = (frameMs: number) => {
    for (const element of document.querySelectorAll<HTMLElement>('[data-live=true]')) {
      const stream = element.dataset.stream ?? '';
      const overUs = (frameMs - (expiryMs.get(stream) ?? Number.NEGATIVE_INFINITY)) * 1e3;
      recording.liveFrames++;
      if (overUs <= recording.worstOverLifespanUs) continue;
      recording.worstOverLifespanUs = overUs;
      recording.worst = element.textContent ?? '';
    }
  };
  const everyFrame = (frameMs: number) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => afterPaint(frameMs);
    port2.postMessage(null);
    requestAnimationFrame(everyFrame);
  };
  requestAnimationFrame(everyFrame);
}
