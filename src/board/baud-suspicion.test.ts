import { describe, expect, it } from 'vitest';
import { BaudSuspicion } from './baud-suspicion.js';

const noise = Uint8Array.from({ length: 8192 }, (_, i) => (i * 7919) % 251);
const text = new TextEncoder().encode('temperature 21.5 degrees\n'.repeat(400));

describe('the suspicion of a wrong baud rate', () => {
  it('arises once, from many bytes of noise', () => {
    const suspicion = new BaudSuspicion();
    expect(suspicion.chunk(noise.subarray(0, 1000))).toBe(false);
    expect(suspicion.chunk(noise)).toBe(true);
    expect(suspicion.chunk(noise)).toBe(false);
    suspicion.opened();
    expect(suspicion.chunk(noise)).toBe(true);
  });

  it('does not arise from text, nor once anything has made sense', () => {
    const readable = new BaudSuspicion();
    expect(readable.chunk(text)).toBe(false);
    const framed = new BaudSuspicion();
    framed.sense();
    expect(framed.chunk(noise)).toBe(false);
  });
});
