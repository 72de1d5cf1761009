/** Frames of the sample application, and a decoder that takes them: for what is measured without a line. */
import type { DataFrame } from '#dist/codec/data-frame.js';
import { Decoder, type DecoderSink } from '#dist/codec/decoder.js';
import type { StreamDescriptor } from '#dist/codec/descriptor.js';
import type { DataMessage } from '#dist/codec/message.js';

const TAG = 0x1234;

export const contract = {
  class: 'firm',
  m: 990,
  k: 1000,
  jitterUs: 100,
  deadlineUs: 10_000,
  lifespanUs: 250_000,
  leaseUs: 50_000,
  budgets: { firmwareUs: 1000, linkUs: 4000, hostUs: 5000 },
  delivery: { outletUs: 50_000, consumerUs: 100_000 },
} as const;

export const signals = ['speed', 'setpoint', 'current', 'temperature'] as const;

const streamOf = (count: number): StreamDescriptor => ({
  id: 0,
  name: 'control',
  periodUs: 1000,
  contract,
  signals: Array.from({ length: count }, (_, i) => ({
    name: signals[i] ?? `signal${i}`,
    type: 'i16',
    scale: 0.25,
    offset: 0,
    unit: 'rpm',
  })),
});

/** @param count of signals */
export function message(seq: number, count: number = signals.length): DataMessage {
  const values = [seq % 1000, 1200, -30, 250];
  return {
    name: 'data',
    session: TAG,
    stream: 0,
    seq,
    releaseUs: (seq * 1000) >>> 0,
    lateUs: 3,
    execUs: 12,
    queueBytes: 0,
    flags: 0,
    skipped: 0,
    dropped: 0,
    values: Array.from({ length: count }, (_, i) => values[i % values.length]!),
    types: Array.from({ length: count }, () => 'i16'),
  };
}

export function lines(
  count: number,
  encode: (message: DataMessage) => Uint8Array,
  signalCount: number = signals.length,
): Uint8Array[] {
  return Array.from({ length: count }, (_, seq) => encode(message(seq, signalCount)));
}

export function decoderFor(
  encoding: 'text' | 'binary',
  data: (frame: DataFrame) => void,
  signalCount: number = signals.length,
): Decoder {
  const nothing = () => {};
  const sink: DecoderSink = {
    data,
    message: nothing,
    plain: nothing,
    text: nothing,
    corrupt: nothing,
    foreign: nothing,
    fallback: nothing,
  };
  const decoder = new Decoder(sink);
  decoder.layouts([streamOf(signalCount)]);
  decoder.expect(encoding);
  decoder.expectSession(TAG);
  return decoder;
}
