import { describe, expect, test } from 'vitest';
import { RUN_BYTES_MAX } from './binary-line.js';
import { cobsBytesMax, cobsEncode } from './cobs.js';
import { crc32 } from './crc32.js';
import { Decoder } from './decoder.js';
import { binaryMessage, encodeBinary, encodeText } from './encode.js';
import { toHex } from './hex.js';
import type { DataMessage, DeviceMessage } from './message.js';
import { PLAIN_LINE_BYTES_MAX } from './plain.js';
import { RecordingSink } from './recording-sink.js';
import { TEXT_LINE_BYTES_MAX } from './schema.js';
import { streamOf } from './vectors/samples.js';

const TAG = 0x5a3c;
const ARRIVAL_US = 5_000_000.25;

function data(seq: number, fields: Partial<DataMessage> = {}): DataMessage {
  return {
    name: 'data',
    session: TAG,
    stream: 0,
    seq,
    releaseUs: 1000 * seq,
    lateUs: 2,
    execUs: 37,
    queueBytes: 0,
    flags: 1,
    skipped: 0,
    dropped: 0,
    values: [seq, -1000],
    types: ['u16', 'i16'],
    ...fields,
  };
}

const ack: DeviceMessage = { name: 'ack', session: TAG, counter: 1, code: 0 };
const boot: DeviceMessage = { name: 'event', session: 0, code: 1, level: 1, deviceUs: 812, value: 1, text: 'boot' };

/** A line with the right CRC around any body. */
function lineOf(body: string): string {
  return `$${body}*${toHex(crc32(new TextEncoder().encode(body)), 8)}\n`;
}

/** A binary frame with the right CRC around any bytes. */
function frameOf(...body: number[]): Uint8Array {
  const crc = crc32(Uint8Array.from(body));
  const message = Uint8Array.of(...body, crc, crc >>> 8, crc >>> 16, crc >>> 24);
  const wire = new Uint8Array(cobsBytesMax(message.length) + 1);
  return wire.subarray(0, cobsEncode(message, 0, message.length, wire, 0) + 1);
}

function streaming(encoding: 'text' | 'binary' = 'text') {
  const sink = new RecordingSink();
  const decoder = new Decoder(sink);
  const { signals, ...stream } = streamOf(data(0));
  decoder.layouts([{ ...stream, signals: signals.map((signal) => ({ ...signal, scale: 0.5, offset: 10 })) }]);
  decoder.expectSession(TAG);
  decoder.expect(encoding);
  const push = (...chunks: (Uint8Array | string)[]) => {
    for (const chunk of chunks)
      decoder.push(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk, { arrivalUs: ARRIVAL_US });
  };
  return { sink, decoder, push };
}

describe.each([
  ['text', encodeText],
  ['binary', encodeBinary],
] as const)('%s frames', (encoding, encode) => {
  test('arrive scaled, stamped and with their length on the line', () => {
    const { sink, push } = streaming(encoding);
    const wire = encode(data(7, { releaseUs: 0xffff_fff0 }));
    push(wire);
    expect(sink.found).toMatchObject([
      {
        type: 'data',
        values: [13.5, -490],
        frame: { seq: 7, releaseUs: 0xffff_fff0, execUs: 37, count: 2, wireBytes: wire.length, arrivalUs: ARRIVAL_US },
      },
    ]);
    expect(sink.of('data')[0]!.frame.textual).toBe(encoding === 'text');
  });

  test('of another session are foreign, with tag 0 a monitor line, never data', () => {
    const { sink, decoder, push } = streaming(encoding);
    push(encode(data(1, { session: 0x1111 })), encode(data(2, { session: 0 })), encode(data(3)));
    expect(sink.found.map((item) => item.type)).toEqual(['foreign', 'monitor', 'data']);
    expect(sink.of('foreign')).toEqual([{ type: 'foreign', tag: 0x1111 }]);
    expect(decoder.counters).toMatchObject({ frames: 3, dataFrames: 1, foreignFrames: 1, monitorFrames: 1 });
  });

  test('are all foreign before a session is expected', () => {
    const { sink, decoder, push } = streaming(encoding);
    decoder.expectSession(null);
    push(encode(data(1)));
    expect(sink.found).toEqual([{ type: 'foreign', tag: TAG }]);
  });

  test('of a stream that is not declared, or of another length, are undeclared, and no damage', () => {
    const { sink, decoder, push } = streaming(encoding);
    const other = data(2, { values: [1], types: ['u16'] });
    push(encode(data(1, { stream: 9 })), encode(other), encode(data(3)));
    const lengthOf = (message: DataMessage) =>
      encoding === 'binary' ? binaryMessage(message).length : encodeText(message).length - 1;
    expect(sink.found).toMatchObject([
      { type: 'undeclared', stream: 9, bytes: lengthOf(data(1)), declaredBytes: null },
      { type: 'undeclared', stream: 0, bytes: lengthOf(other), declaredBytes: lengthOf(data(3)) },
      { type: 'data' },
    ]);
    expect(decoder.counters).toMatchObject({ undeclaredFrames: 2, malformedFrames: 0, corruptFrames: 0, resyncs: 0 });
  });

  test('of other kinds are messages: of the session, or with tag 0; another tag is foreign', () => {
    const { sink, decoder, push } = streaming(encoding);
    push(encode(ack), encode(boot), encode({ ...ack, session: 9 }));
    expect(sink.of('message').map((item) => item.message)).toEqual([ack, boot]);
    expect(sink.of('foreign')).toEqual([{ type: 'foreign', tag: 9 }]);
    decoder.expectSession(null);
    push(encode({ ...ack, session: 9 }));
    expect(sink.found.at(-1)).toEqual({ type: 'message', message: { ...ack, session: 9 } });
  });

  test('that we sent ourselves are counted as echo and not delivered', () => {
    const { sink, decoder, push } = streaming(encoding);
    push(encode(ack), encode({ name: 'start', session: TAG, encoding: 1 }));
    expect(sink.found).toHaveLength(1);
    expect(decoder.counters).toMatchObject({ echoedFrames: 1, corruptFrames: 0 });
  });
});

describe('text line', () => {
  test('may end with CR LF', () => {
    const { sink, push } = streaming();
    const line = new TextDecoder().decode(encodeText(data(1)));
    push(line.replace('\n', '\r\n'));
    expect(sink.of('data')[0]!.frame.wireBytes).toBe(line.length + 1);
  });

  test('between frames is a log line when it shows no sign of a frame', () => {
    const { sink, push } = streaming();
    push(encodeText(ack), 'motor warm, 61 C\r\n', '\n', 'x*12345678\n', 'D,12$34\n', 'caf\u00e9\n');
    expect(sink.of('text')).toEqual([{ type: 'text', line: 'motor warm, 61 C' }]);
    expect(sink.of('corrupt').map((item) => item.bytes)).toEqual([11, 8, 6]);
  });

  test('that lost its LF costs one frame, not the next', () => {
    const { sink, push } = streaming();
    const first = encodeText(data(1));
    push(first.subarray(0, -1), encodeText(data(2)));
    expect(sink.found.map((item) => item.type)).toEqual(['corrupt', 'data']);
    expect(sink.of('corrupt')[0]!.bytes).toBe(first.length - 1);
    expect(sink.of('data')[0]!.frame).toMatchObject({ seq: 2, wireBytes: first.length });
  });

  test('longer than its limit is thrown away up to its LF, counted, and the next one is good', () => {
    const { sink, decoder, push } = streaming();
    push(encodeText(ack), 'x'.repeat(3 * TEXT_LINE_BYTES_MAX));
    expect(decoder.state).toBe('guard');
    push('\n', encodeText(ack));
    expect(decoder.state).toBe('text');
    expect(decoder.counters).toMatchObject({ overlongLines: 1, corruptFrames: 1, resyncs: 1 });
    expect(decoder.counters.corruptBytes).toBe(3 * TEXT_LINE_BYTES_MAX + 1);
    expect(sink.found.at(-1)).toEqual({ type: 'message', message: ack });
  });

  test('is switched to binary within a chunk, right behind the message that says so', () => {
    const sink = new RecordingSink();
    const message = (found: DeviceMessage) => {
      sink.found.push({ type: 'message', message: found });
      if (found.name === 'started') decoder.expect('binary');
    };
    const decoder = new Decoder(Object.assign(Object.create(sink), { message, found: sink.found }) as RecordingSink);
    decoder.layouts([streamOf(data(0))]);
    decoder.expectSession(TAG);
    const started = encodeText({ name: 'started', session: TAG, encoding: 1 });
    decoder.push(Uint8Array.from([...started, ...encodeBinary(data(1)), ...encodeBinary(data(2))]), { arrivalUs: 0 });
    expect(sink.found.map((item) => item.type)).toEqual(['message', 'data', 'data']);
    expect(decoder.counters.corruptBytes).toBe(0);
  });

  test('of a word that is not known is ignored and counted', () => {
    const { sink, decoder, push } = streaming();
    push(lineOf('FUTURE,01'));
    expect([decoder.counters.unknownFrames, sink.found]).toEqual([1, []]);
  });

  test('keeps a text that is UTF-8 without percent signs as it is', () => {
    const { sink, push } = streaming();
    push(lineOf('EVENT,0000,00,01,00000000,00000000,21 °C – ok'));
    expect(sink.of('message')).toMatchObject([{ message: { text: '21 °C – ok' } }]);
  });

  test('with the right CRC and fields that are not those of its word is malformed', () => {
    const { decoder, push } = streaming();
    push(...['ACK,5A3C,00000001', 'ACK,5A3C,00000001,00,00', 'ACK,5a3c,00000001,00', 'D,5A3C'].map(lineOf));
    expect(decoder.counters).toMatchObject({ malformedFrames: 4, frames: 4 });
  });
});

describe('binary line', () => {
  const reset = [boot, boot].map(encodeText);

  test('falls back to text at the second text frame, and loses neither', () => {
    const { sink, decoder, push } = streaming('binary');
    push(encodeBinary(data(1)), encodeBinary(data(2)).subarray(0, 20), ...reset);
    expect(decoder.state).toBe('text');
    expect(sink.found.map((item) => item.type)).toEqual(['data', 'fallback', 'corrupt', 'message', 'message']);
    // Twenty bytes of a frame, the first of them a 0x00 that ended nothing.
    expect(sink.of('corrupt')).toEqual([{ type: 'corrupt', bytes: 19 }]);
    expect(decoder.counters.fallbacks).toBe(1);
  });

  test('does not fall back for one text frame', () => {
    const { decoder, push } = streaming('binary');
    push(reset[0]!, encodeBinary(data(1)), reset[0]!, encodeBinary(data(2)));
    expect(decoder.state).toBe('binary');
    expect(decoder.counters).toMatchObject({ fallbacks: 0, dataFrames: 2 });
  });

  test('does not fall back for noise without 0x00, however long, which costs no frame behind its end', () => {
    const { sink, decoder, push } = streaming('binary');
    const noise = Uint8Array.from({ length: 10 * RUN_BYTES_MAX + 7 }, (_, i) => 1 + ((i * 91) % 255));
    push(encodeBinary(data(1)), noise.subarray(0, 1000));
    expect(decoder.state).toBe('resync');
    push(noise.subarray(1000), encodeBinary(data(2)));
    expect(sink.of('data')).toHaveLength(2);
    expect(decoder.counters).toMatchObject({ fallbacks: 0, overlongRuns: 1, corruptFrames: 1, resyncs: 1 });
    // The 0x00 before frame 2 ends the noise.
    expect(decoder.counters.corruptBytes).toBe(noise.length + 1);
  });

  test('falls back when there is only text, and no 0x00, for too long', () => {
    const { sink, decoder, push } = streaming('binary');
    push('y'.repeat(RUN_BYTES_MAX / 2 + 1));
    expect(decoder.state).toBe('resync');
    push('y'.repeat(RUN_BYTES_MAX / 2 - 2));
    expect(sink.found).toEqual([]);
    push('y');
    expect(sink.found[0]).toEqual({ type: 'fallback' });
  });

  test('keeps a session of wide frames when one delimiter is damaged', () => {
    const wide = { values: new Array(64).fill(0x01020304), types: new Array(64).fill('i32') } as const;
    const { sink, decoder, push } = streaming('binary');
    decoder.layouts([streamOf(data(0, wide))]);
    const frame = encodeBinary(data(1, wide)).subarray(1);
    push(frame.subarray(0, -1), Uint8Array.of(1), frame, frame);
    expect(sink.found.map((item) => item.type)).toEqual(['corrupt', 'data']);
    expect(decoder.counters).toMatchObject({ fallbacks: 0, overlongRuns: 1, resyncs: 1 });
  });

  test('carries a kind that is not known without complaint', () => {
    const { sink, decoder, push } = streaming('binary');
    push(frameOf(0x3f));
    expect([decoder.counters.unknownFrames, sink.found]).toEqual([1, []]);
  });
});

describe('plain lines', () => {
  test('are read as long as no frame has come', () => {
    const { sink, push } = streaming();
    push('t:1\n', 't:2\n', 't:3\n', 't:4\n');
    expect(sink.found.map((item) => item.type)).toEqual(['text', 'text', 'plain', 'plain']);
  });

  test('are never read after the first frame: a damaged one must not make a phantom signal', () => {
    const { sink, push } = streaming();
    push('t:1\n', 't:2\n', 't:3\n', encodeText(ack), 't:4\n', 't:5\n', 't:6\n', 't:7\n');
    expect(sink.of('plain')).toHaveLength(1);
    expect(sink.of('text').map((item) => item.line)).toEqual(['t:1', 't:2', 't:4', 't:5', 't:6', 't:7']);
  });

  test('may be read again after the port was opened anew', () => {
    const { sink, decoder, push } = streaming();
    push(encodeText(ack));
    decoder.reset();
    push('1.5\n', 't:1\n', 't:2\n', 't:3\n');
    expect(sink.of('plain')).toHaveLength(1);
  });

  test('that we came in the middle of are left out, and are no damage; a frame behind them is good', () => {
    const { sink, decoder, push } = streaming();
    decoder.reset();
    push('00,00,0000*12C0FFEE\n', encodeText(ack));
    decoder.reset();
    push('C0FFEE', encodeText(ack), 'ready\n');
    expect(sink.found.map((item) => item.type)).toEqual(['message', 'corrupt', 'message', 'text']);
    expect(decoder.counters.corruptBytes).toBe(6);
  });

  test('may be longer than a frame', () => {
    const { decoder, push } = streaming();
    push(`${'x'.repeat(PLAIN_LINE_BYTES_MAX - 1)}\n`, `${'x'.repeat(PLAIN_LINE_BYTES_MAX)}\n`);
    expect(decoder.counters).toMatchObject({ textLines: 1, overlongLines: 1 });
  });

  test('with control characters, as at a wrong baud rate, are corrupt', () => {
    const { sink, push } = streaming();
    push(Uint8Array.of(0x41, 0x1b, 0x5b, 0x32, 0x4a, 0x0a), Uint8Array.of(0xc3, 0x28, 0x0a));
    expect(sink.found.map((item) => item.type)).toEqual(['corrupt', 'corrupt']);
  });
});
