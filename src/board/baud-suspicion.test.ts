import { describe, expect, it } from 'vitest';
import { Decoder } from '../codec/decoder.js';
import { looksLikeWrongBaud } from './baud-suspicion.js';

/** What the decoder makes of these bytes. */
function understood(bytes: Uint8Array): number {
  const ignore = () => {};
  const sink = { data: ignore, message: ignore, plain: ignore, text: ignore, corrupt: ignore, foreign: ignore };
  const decoder = new Decoder({ ...sink, fallback: ignore });
  decoder.push(bytes, { arrivalUs: 0 });
  const { frames, plainLines, textLines } = decoder.counters;
  return frames + plainLines + textLines;
}

/** Bytes without any pattern, the same in every run. */
function noise(count: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 16;
  });
}

const LATER_US = 4_000_000;

describe('the suspicion of a wrong baud rate', () => {
  it('arises from many bytes of noise', () => {
    for (const count of [4096, 10_000, 100_000]) {
      expect(looksLikeWrongBaud(LATER_US, count, understood(noise(count)))).toBe(true);
    }
  });

  it('does not arise from few bytes, nor soon after opening', () => {
    expect(looksLikeWrongBaud(LATER_US, 4095, 0)).toBe(false);
    expect(looksLikeWrongBaud(2_999_999, 100_000, 0)).toBe(false);
  });

  it.each(['temperature 21.5 degrees\n', 'temperature:21.5\r\n', `${'long log line '.repeat(8)}\n`])(
    'does not arise from lines such as %j',
    (line) => {
      const bytes = new TextEncoder().encode(line.repeat(500));
      expect(looksLikeWrongBaud(LATER_US, bytes.length, understood(bytes))).toBe(false);
    },
  );
});
