import type { DataFrame } from './data-frame.js';
import type { DecoderSink } from './decoder-sink.js';
import type { DeviceMessage } from './message.js';
import type { PlainReading } from './plain.js';

/** What a decoder found, in order; frames as copies. */
export type Found =
  | { readonly type: 'data'; readonly frame: Readonly<DataFrame>; readonly values: readonly number[] }
  | { readonly type: 'message'; readonly message: DeviceMessage }
  | { readonly type: 'plain'; readonly readings: readonly PlainReading[] }
  | { readonly type: 'text'; readonly line: string }
  | { readonly type: 'corrupt'; readonly bytes: number }
  | { readonly type: 'foreign'; readonly tag: number }
  | {
      readonly type: 'undeclared';
      readonly stream: number;
      readonly bytes: number;
      readonly declaredBytes: number | null;
    }
  | { readonly type: 'fallback' }
  | { readonly type: 'monitor' };

/** A sink that remembers everything: for tests, vectors and tools, not for a long run. */
export class RecordingSink implements DecoderSink {
  readonly found: Found[] = [];

  data(frame: DataFrame): void {
    const values = [...frame.values.subarray(0, frame.count)];
    this.found.push({ type: 'data', frame: { ...frame }, values });
  }

  message(message: DeviceMessage): void {
    this.found.push({ type: 'message', message });
  }

  plain(readings: readonly PlainReading[]): void {
    this.found.push({ type: 'plain', readings });
  }

  text(line: string): void {
    this.found.push({ type: 'text', line });
  }

  corrupt(bytes: number): void {
    this.found.push({ type: 'corrupt', bytes });
  }

  foreign(tag: number): void {
    this.found.push({ type: 'foreign', tag });
  }

  undeclared(stream: number, bytes: number, declaredBytes: number | null): void {
    this.found.push({ type: 'undeclared', stream, bytes, declaredBytes });
  }

  fallback(): void {
    this.found.push({ type: 'fallback' });
  }

  monitor(): void {
    this.found.push({ type: 'monitor' });
  }

  /** Everything of one type. */
  of<T extends Found['type']>(type: T): Extract<Found, { type: T }>[] {
    return this.found.filter((item): item is Extract<Found, { type: T }> => item.type === type);
  }
}
