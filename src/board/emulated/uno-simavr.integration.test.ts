/**
 * A second opinion on the emulated Uno: the same ELF and the same input in Debian's simavr, which shares no code with `avr8js`.
 * Both begin with the same EEPROM and the same 25 degrees at the sensor. What hil-tests/simavr/chip.c adds to simavr is from the
 * datasheet.
 */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { encodeBinary, encodeText } from '../../codec/encode.js';
import { resetCauses } from '../../codec/schema.js';
import { sessionTag } from '../../codec/session-tag.js';
import { missingSimavr, simavrImage, simavrProgram } from '../../hil/simavr.js';
import { emulatedBoards, readImage, unoEeprom } from './boards.js';
import type { EmulatedUno } from './uno.js';

const MARKER = 13;
const NONCE = 7;
const SEED = 1;
const noise = new Uint8Array([1, 2, 3, 0, 36, 10]);
const CYCLES_PER_US = 16;
const NS_PER_CYCLE = 62.5;
/** From the reset to the first cycle of the board's own clock. */
const CLOCK_AFTER_US = 410;

/** A cycle of the chip, and what was there then: a byte whose stop bit ended, or the marker's new level. */
type Stamped = readonly [cycle: number, value: number];
interface Life {
  readonly bytes: readonly Stamped[];
  /** Of the marker, which is high while the job runs. */
  readonly rises: readonly Stamped[];
}

/** Drives the emulated Uno, and keeps what it did for simavr. */
class Script {
  readonly life = { bytes: [] as Stamped[], rises: [] as Stamped[] };
  readonly #inputs: string[] = [];
  readonly #board: EmulatedUno;
  readonly #image: 'release' | 'test';
  #cycle = 0;
  #bootCycle = 0;
  #counter = 0;
  #session = 0;

  constructor(image: 'release' | 'test') {
    this.#image = image;
    const name = image === 'test' ? 'uno-test' : 'uno';
    this.#board = emulatedBoards[name].create({
      image: readImage(name),
      seed: SEED,
      onByte: (byte, ns) => this.life.bytes.push([Math.round(ns / NS_PER_CYCLE), byte]),
    }) as EmulatedUno;
    this.#board.pins.onChange(MARKER, ({ level, sinceNs }) => {
      if (level === 1) this.life.rises.push([Math.round(sinceNs / NS_PER_CYCLE), level]);
    });
  }

  get deviceUs(): number {
    return Math.round((this.#cycle - this.#bootCycle) / CYCLES_PER_US) - CLOCK_AFTER_US;
  }

  get text(): string {
    return Buffer.from(this.life.bytes.map(([, byte]) => byte)).toString('latin1');
  }

  pass(ms: number): void {
    this.#cycle += Math.round(ms * 1e3 * CYCLES_PER_US);
    this.#board.runUntil(this.#cycle * NS_PER_CYCLE);
  }

  send(...parts: Uint8Array[]): void {
    const bytes = Buffer.concat(parts);
    this.#inputs.push(`${this.#cycle} ${bytes.toString('hex').replaceAll(/../g, '$& ')}`);
    this.#board.receive(bytes);
  }

  reset(): void {
    this.#inputs.push(`${this.#cycle} reset`);
    this.#board.reset('pin');
    this.#bootCycle = this.#cycle;
    this.#counter = 0;
  }

  /** Hello, the whole descriptor, and binary frames. */
  shakeHands(): void {
    this.send(encodeText({ name: 'hello', protocolMin: 1, protocolMax: 1, hostNonce: NONCE }));
    this.pass(20);
    const fields = [...this.text.matchAll(/\$SESSION,([^*]*)/g)].at(-1)![1]!.split(',');
    this.#session = sessionTag(Number.parseInt(fields[1]!, 16), Number.parseInt(fields[3]!, 16), NONCE);
    const bytes = Number.parseInt(fields[4]!, 16);
    for (let offset = 0; offset < bytes; offset += 64) {
      this.send(encodeText({ name: 'describe', offset, length: 64 }));
      this.pass(5);
    }
    this.send(encodeText({ name: 'start', session: this.#session, encoding: 1 }));
    this.pass(30.7);
  }

  ping = (id: number): Uint8Array =>
    encodeBinary({ session: this.#session, name: 'ping', id, pad0: 0, pad1: 0, pad2: 0, pad3: 0 });

  command(command: string, ...values: number[]): Uint8Array {
    const expiryUs = this.deviceUs + 500_000;
    const counter = ++this.#counter;
    return encodeBinary({
      session: this.#session,
      name: 'command',
      counter,
      id: counter,
      expiryUs,
      command,
      arguments: values,
    });
  }

  heartbeat = (armedEcho: number): Uint8Array =>
    encodeBinary({
      session: this.#session,
      name: 'heartbeat',
      counter: ++this.#counter,
      armedEcho,
      echoUs: this.deviceUs - 5000,
    });

  safe = (): Uint8Array => encodeBinary({ session: this.#session, name: 'safe', cause: 3 });

  inSimavr(): Life {
    const eeprom = Buffer.from(unoEeprom(SEED)).toString('hex');
    const given = ['script', simavrImage(this.#image), eeprom, String(this.#cycle / 1e6 / CYCLES_PER_US)];
    const input = `${this.#inputs.join('\n')}\n`;
    const { stdout, stderr, status } = spawnSync(simavrProgram, given, {
      input,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    if (status !== 0) throw new Error(`${simavrProgram} ended with ${status}: ${stderr}`);
    const bytes = [...stdout.matchAll(/^t (\d+) (..)$/gm)].map(
      ([, cycle, hex]): Stamped => [Number(cycle), Number.parseInt(hex!, 16)],
    );
    const rises = [...stdout.matchAll(/^p (\d+) marker 1$/gm)].map(([, cycle]): Stamped => [Number(cycle), 1]);
    return { bytes, rises };
  }
}

const reason = missingSimavr('test');

describe.skipIf(reason !== null)(`the emulated Uno and simavr${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  it('say the same bytes at the same cycles, each stamp of the board included', () => {
    const script = new Script('release');
    script.pass(250);
    script.shakeHands();
    for (let i = 0; i < 100; i++) {
      script.send(script.ping(3 * i), script.ping(3 * i + 1), script.ping(3 * i + 2));
      script.pass(13.375); // all phases of a release
    }
    for (let i = 0; i < 60; i++) {
      script.send(script.heartbeat(i > 10 ? 1 : 0));
      if (i === 10) script.send(script.command('arm'));
      if (i === 20) script.send(script.command('setpoint', 1500), script.command('load', 200));
      script.pass(20);
    }
    script.pass(300); // no heartbeat: it trips
    script.send(script.safe(), script.command('rearm'), script.command('unheard-of'), noise);
    script.pass(120.3);
    script.reset();
    script.pass(200);
    script.shakeHands();
    script.pass(1000);

    for (const word of ['armed', 'trip cleared', "within the watchdog's time"]) expect(script.text).toContain(word);
    expect(causesIn(script.text)).toEqual([resetCauses.powerOn, resetCauses.pin]);
    const simavr = script.inSimavr();
    expect(simavr.bytes.length).toBeGreaterThan(50_000);
    expect(firstDifference(script.life.bytes, simavr.bytes)).toBeNull();
    expect(firstDifference(script.life.rises, simavr.rises)).toBeNull();
  });

  it('are reset by their watchdogs at the same cycle', () => {
    const script = new Script('test');
    script.pass(250);
    script.shakeHands();
    script.send(script.command('fault-hang'));
    script.pass(800);

    expect(causesIn(script.text)).toEqual([resetCauses.powerOn, resetCauses.watchdog]);
    const simavr = script.inSimavr();
    expect(firstDifference(script.life.bytes, simavr.bytes)).toBeNull();
  });
});

const causesIn = (text: string): number[] =>
  [...text.matchAll(/\$EVENT,0000,01,01,[0-9A-F]{8},([0-9A-F]{8})/g)].map(([, cause]) => Number.parseInt(cause!, 16));

/** In words; null when both are equal in value and cycle. */
function firstDifference(ours: readonly Stamped[], theirs: readonly Stamped[]): string | null {
  const at = ours.findIndex(([cycle, value], i) => cycle !== theirs[i]?.[0] || value !== theirs[i]?.[1]);
  if (at < 0 && ours.length === theirs.length) return null;
  const around = (all: readonly Stamped[]) =>
    Buffer.from(all.slice(Math.max(0, at - 40), at + 20).map(([, value]) => value)).toString('latin1');
  return `of ${ours.length} and ${theirs.length} number ${at} is the first that differs, ${ours[at]} and ${theirs[at]}:
${around(ours)}
${around(theirs)}`;
}
