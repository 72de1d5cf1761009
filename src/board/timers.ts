/** Timers as a value, so that tests can drive them in virtual time. */
export interface Timers {
  /** Calls back after `ms`; the result cancels. */
  after(ms: number, callback: () => void): () => void;
}

export const realTimers: Timers = {
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
