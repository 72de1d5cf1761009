/**
 * What really happened to each frame, from the board's own log of its line: when its last byte had left the UART, and when
 * a reader could have it. Nothing of the bridge goes into it but the instant of its judgement.
 */
import { Decoder } from '#dist/codec/decoder.js';
import type { DecoderSink } from '#dist/codec/decoder-sink.js';
import type { OfferedContract } from '#dist/codec/descriptor.js';
import type { Ready } from './records.js';

const HEAD_BYTES = 12;
/** Kinds of records in the log, as in `line_faults.h`. */
const SENT = 0;
const READABLE = 1;

/** Times on the host's monotonic clock, µs. */
export interface TrueFrame {
  readonly releaseUs: number;
  readonly sentUs: number;
  /** NaN when it was lost or damaged on the line. */
  readableUs: number;
}

export interface Segments {
  readonly firmwareUs: number;
  readonly linkUs: number;
  readonly hostUs: number;
}

/** @param zeroUs host monotonic at device time 0 @returns by sequence number */
export function truthOf(log: Buffer, ready: Ready, zeroUs: number): Map<number, TrueFrame> {
  const frames = new Map<number, TrueFrame>();
  const sent = decoderOf(ready, (seq, releaseUs, atUs) => {
    frames.set(seq, { releaseUs: zeroUs + releaseUs, sentUs: atUs, readableUs: Number.NaN });
  });
  const readable = decoderOf(ready, (seq, _releaseUs, atUs) => {
    const frame = frames.get(seq);
    if (frame !== undefined) frame.readableUs = atUs;
  });
  for (let at = 0; at + HEAD_BYTES <= log.length; ) {
    const atUs = Number(log.readBigInt64LE(at)) / 1e3;
    const kind = log[at + 8];
    const bytes = log.subarray(at + HEAD_BYTES, at + HEAD_BYTES + log.readUInt16LE(at + 10));
    at += HEAD_BYTES + bytes.length;
    if (atUs < ready.atUs) continue;
    if (kind === SENT) sent.push(bytes, { arrivalUs: atUs });
    else if (kind === READABLE) readable.push(bytes, { arrivalUs: atUs });
  }
  return frames;
}

type OnFrame = (seq: number, releaseUs: number, atUs: number) => void;

function decoderOf({ tag, streams }: Ready, onFrame: OnFrame): Decoder {
  const nothing = () => undefined;
  const sink: DecoderSink = {
    data: ({ seq, releaseUs, arrivalUs }) => onFrame(seq, releaseUs, arrivalUs),
    ...{ message: nothing, plain: nothing, text: nothing, corrupt: nothing, foreign: nothing, fallback: nothing },
  };
  const decoder = new Decoder(sink);
  decoder.layouts(streams);
  decoder.expect('binary');
  decoder.expectSession(tag);
  return decoder;
}

export const segmentsOf = ({ releaseUs, sentUs, readableUs }: TrueFrame, judgedUs: number): Segments => ({
  firmwareUs: sentUs - releaseUs,
  linkUs: readableUs - sentUs,
  hostUs: judgedUs - readableUs,
});

/** The segment that overran its budget most, and by how much more than the second. */
export function culpritOf(
  { firmwareUs, linkUs, hostUs }: Segments,
  budgets: OfferedContract['budgets'],
): { readonly culprit: string; readonly marginUs: number } {
  const overruns: [string, number][] = [
    ['firmware', firmwareUs - budgets.firmwareUs],
    ['link', linkUs - budgets.linkUs],
    ['host', hostUs - budgets.hostUs],
  ];
  const [[culprit, mostUs], [, secondUs]] = overruns.sort((a, b) => b[1] - a[1]) as [
    [string, number],
    [string, number],
  ];
  return { culprit, marginUs: mostUs - secondUs };
}
