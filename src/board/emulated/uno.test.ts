import { beforeEach, describe, expect, it } from 'vitest';
import { encodeBinary, encodeText } from '../../codec/encode.js';
import { messages } from '../../codec/schema.js';
import { sessionTag } from '../../codec/session-tag.js';
import { imageFromHex } from './atmega328p/intel-hex.js';
import type { EmulatedBoard } from './board.js';
import { emulatedBoards, readImage } from './boards.js';
import { EmulatedUno } from './uno.js';

const DUTY = 3;
const MARKER = 13;
const NONCE = 7;
const MS = 1e6;

let sent: number[];

const uno = (seed = 1): EmulatedUno =>
  emulatedBoards.uno.create({ image: readImage('uno'), seed, onByte: (byte) => sent.push(byte) }) as EmulatedUno;

const said = (): string => Buffer.from(sent).toString('latin1');

function shakeHands(board: EmulatedBoard): number {
  board.runUntil(1000 * MS);
  board.receive(encodeText({ name: 'hello', protocolMin: 1, protocolMax: 1, hostNonce: NONCE }));
  board.runUntil(1250 * MS);
  const fields = /\$SESSION,([^*]*)/.exec(said())![1]!.split(',');
  const tag = sessionTag(Number.parseInt(fields[1]!, 16), Number.parseInt(fields[3]!, 16), NONCE);
  board.receive(encodeText({ name: 'start', session: tag, encoding: 1 }));
  board.runUntil(1500 * MS);
  return tag;
}

beforeEach(() => {
  sent = [];
});

describe('EmulatedUno', () => {
  it('runs the committed image: boots, prints lines, and takes a session', () => {
    shakeHands(uno());
    expect(said()).toMatch(/^\$EVENT,0000,01,01/);
    expect(said()).toContain('$STARTED');
  });

  it('does the same for the same seed, whatever the slices', () => {
    uno().runUntil(500 * MS);
    const whole = said();
    sent = [];
    const sliced = uno();
    for (let ns = 0; ns <= 500 * MS; ns += 777_777) sliced.runUntil(ns);
    sliced.runUntil(500 * MS);
    expect(said()).toBe(whole);
  });

  it('of another seed has had other boots', () => {
    shakeHands(uno(1));
    const first = said();
    sent = [];
    shakeHands(uno(2));
    const session = /\$SESSION,01,\w+/;
    expect(session.exec(said())![0]).not.toBe(session.exec(first)![0]);
  });

  it('loses no byte of messages back to back, for none waits too long for its interrupt', () => {
    const board = uno();
    const session = shakeHands(board);
    let id = 0;
    const ping = () => encodeBinary({ name: 'ping', session, id: id++, pad0: 0, pad1: 0, pad2: 0, pad3: 0 });
    for (let burst = 1; burst <= 50; burst++) {
      board.receive(Buffer.concat([ping(), ping(), ping()]));
      board.runUntil(1500 * MS + burst * 40.077 * MS);
    }
    expect(board.lineCounters).toMatchObject({ overruns: 0, ignored: 0, dropped: 0 });
    // The receiver's buffer lasts 20 us at 1 Mbaud.
    expect(board.lineCounters.longestWaitUs).toBeLessThan(20);
    expect(board.longestMaskedUs).toBeLessThan(20);
    const kinds = said()
      .split('\0')
      .map((message) => message.charCodeAt(1));
    expect(kinds.filter((kind) => kind === messages.pong.kind)).toHaveLength(150);
  });

  it('counts characters that come while its receiver is off', () => {
    const image = new Uint8Array([0xff, 0xcf]); // rjmp .
    const board = new EmulatedUno({ image, seed: 1, onByte: () => {} });
    board.receive(new Uint8Array(8));
    board.runUntil(10 * MS);
    expect(board.lineCounters.ignored).toBe(8);
  });

  it('starts each job on its release, 4 ms apart', () => {
    const board = uno();
    shakeHands(board);
    const rises: number[] = [];
    board.pins.onChange(MARKER, ({ level, sinceNs }) => level === 1 && rises.push(sinceNs / 1e3));
    board.runUntil(2500 * MS);
    const periods = rises.slice(1).map((us, i) => us - rises[i]!);
    expect(rises.length).toBe(250);
    for (const us of periods) expect(Math.abs(us - 4000)).toBeLessThan(60);
  });

  it('keeps its EEPROM through resets, and tells a pin from power', () => {
    const board = uno();
    board.runUntil(100 * MS);
    board.reset('pin');
    board.runUntil(200 * MS);
    board.reset('powerOn');
    board.runUntil(300 * MS);
    const boots = [...said().matchAll(/\$EVENT,0000,01,01,[0-9A-F]{8},([0-9A-F]{8})/g)].map(([, cause]) =>
      Number(cause),
    );
    expect(boots).toEqual([1, 2, 1]);
    expect(board.resets).toBe(2);
    expect(board.pins.read(DUTY)).toMatchObject({ level: 0, driven: true });
  });

  it('names pins and channels that do not exist', () => {
    expect(() => uno().pins.read(20)).toThrow('Pin 20');
    expect(() => uno().adc.setVolts(9, 1)).toThrow('ADC channel 9');
  });
});

describe('imageFromHex', () => {
  const text = (lines: string) => new TextEncoder().encode(lines);

  it('takes records, and anything else as it is', () => {
    expect([...imageFromHex(text(':020000000102FB\n:00000001FF\n'))]).toEqual([1, 2]);
    expect([...imageFromHex(Uint8Array.of(1, 2, 3))]).toEqual([1, 2, 3]);
  });

  it('says which line is wrong', () => {
    expect(() => imageFromHex(text(':020000000102FC\n:00000001FF\n'))).toThrow('line 1');
    expect(() => imageFromHex(text(':020000000102FB\n'))).toThrow('cut off');
    expect(() => imageFromHex(text(':0000000100\n'))).toThrow('line 1');
  });
});
