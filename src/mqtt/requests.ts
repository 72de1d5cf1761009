/**
 * Requests over MQTT are off: the bridge cannot see who published one. They are counted, and the first is answered with
 * a line in the log; nothing else happens.
 */
import { parseTopic } from './topics.js';

export class RequestsOff {
  /** Requests that were ignored. */
  count = 0;

  constructor(private readonly warn: (text: string) => void) {}

  /** @returns whether it was a request */
  heard(topic: string): boolean {
    if (parseTopic(topic)?.kind !== 'request') return false;
    if (this.count++ === 0) {
      this.warn(
        `ignored ${topic}: commands over MQTT are off, because a broker does not say who published. Use the HTTP API or the tautline command; more of them are only counted.`,
      );
    }
    return true;
  }
}
