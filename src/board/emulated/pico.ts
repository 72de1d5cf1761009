import type { EmulatedBoard, EmulatedBoardOptions, ResetBy } from './board.js';
import { AdcInputs, Pins } from './pins.js';
import { SeededRandom } from './random.js';
import { flashFrom } from './rp2040/boot.js';
import { BootRomMissing, bootRomFrom } from './rp2040/boot-rom.js';
import { Chip, powerOnState, type Retained } from './rp2040/chip.js';
import { VirtualClock } from './rp2040/clock.js';
import { raiseHardFault, shouldWake } from './rp2040/cortex-m0.js';
import { run } from './rp2040/thumb/execute.js';
import { Units } from './rp2040/thumb/translate.js';
import { chipResetFlags } from './rp2040/vreg-and-chip-reset.js';
import { watchdogReasons } from './rp2040/watchdog.js';
import { SerialLine, sameRate, sampleCharacter } from './serial-line.js';

/** Different places of unmodelled hardware that are remembered; more are only counted. */
const UNMODELLED_MAX = 64;

/**
 * A Raspberry Pi Pico in virtual time: compiled firmware on `rp2040js` with the peripherals of `rp2040/`.
 * Core 1, flash and bus wait states, DMA to the UARTs and the time of the boot ROM are not modelled.
 */
export class EmulatedPico implements EmulatedBoard {
  readonly pins = new Pins();
  readonly adc = new AdcInputs();
  hostBaud: number | undefined;
  resets = 0;
  /** Characters that a host of another baud rate dropped for their framing. */
  framingErrors = 0;
  /** Accesses to hardware that is not modelled, by place. */
  readonly unmodelled = new Map<string, number>();
  private readonly clock = new VirtualClock();
  private readonly random: SeededRandom;
  private readonly flash: Uint8Array<ArrayBuffer>;
  private readonly units: Units;
  private readonly bootRom: Uint32Array | undefined;
  private readonly onByte: (byte: number, virtualNs: number) => void;
  private readonly line: SerialLine;
  private chip: Chip;
  private pendingReset: Retained | undefined;
  private fault = false;
  private lockedUp = false;
  /** The image needs what is not there: it does not go on before a reset. */
  private stopped: BootRomMissing | undefined;

  /** @throws Error when a real Pico would not boot from the image, or when the boot ROM is none */
  constructor(options: EmulatedBoardOptions) {
    this.random = new SeededRandom(options.seed);
    this.flash = flashFrom(options.image);
    this.units = new Units(new Uint16Array(this.flash.buffer));
    this.bootRom = options.bootRom && bootRomFrom(options.bootRom);
    this.onByte = options.onByte;
    this.chip = this.newChip(powerOnState(this.random));
    this.line = new SerialLine(
      this.clock,
      () => this.chip.uart.bitNs,
      (byte, framingError) => this.chip.uart.characterReceived(byte, framingError),
    );
  }

  get nowNs(): number {
    return this.clock.nanos;
  }

  get nextEventNs(): number {
    const { core } = this.chip.rp2040;
    const silentAtNs = this.chip.uart.silentAtNs;
    if (silentAtNs !== undefined) return silentAtNs;
    return core.waiting && !shouldWake(core) ? this.clock.nextNs : this.clock.nanos;
  }

  get receiveRoom(): number {
    return this.line.free;
  }

  /** What went wrong on the line at the board's end. */
  get lineCounters(): {
    overruns: number;
    ignored: number;
    dropped: number;
    transmitLost: number;
    heldAccesses: number;
  } {
    const { uart, resets } = this.chip;
    return {
      overruns: uart.overruns,
      ignored: uart.ignored,
      dropped: this.line.dropped,
      transmitLost: uart.transmitLost,
      heldAccesses: resets.heldAccesses,
    };
  }

  runUntil(virtualNs: number): void {
    if (this.stopped !== undefined) throw this.stopped;
    const { clock } = this;
    while (clock.nanos < virtualNs) {
      if (this.lockedUp || this.chip.rp2040.core.waiting) this.sleep(virtualNs);
      else this.step(virtualNs);
      if (this.pendingReset !== undefined) this.restart(this.pendingReset);
    }
  }

  receive(bytes: Uint8Array): number {
    return this.line.send(bytes, this.hostBaud === undefined ? undefined : 1e9 / this.hostBaud);
  }

  reset(by: ResetBy): void {
    if (by === 'powerOn') this.restart(powerOnState(this.random));
    else if (by === 'pin') this.restart(this.chip.retain(watchdogReasons.none, chipResetFlags.runPin));
    else this.restart(this.chip.retain(watchdogReasons.timer));
  }

  /** Runs instructions until the core sleeps, the time has come, or something must be looked at. */
  private step(untilNs: number): void {
    const { clock } = this;
    const { machine } = this.chip;
    const { core } = machine;
    while (clock.nanos < untilNs && !core.waiting) {
      this.runInstructions(machine, untilNs);
      if (this.fault) {
        this.fault = false;
        this.lockedUp = raiseHardFault(core);
        return;
      }
      if (this.pendingReset !== undefined) return;
    }
  }

  private runInstructions(machine: Chip['machine'], untilNs: number): void {
    try {
      run(machine, untilNs);
    } catch (error) {
      if (error instanceof BootRomMissing) this.stopped = error;
      throw error;
    }
  }

  private sleep(untilNs: number): void {
    const { clock } = this;
    const { core } = this.chip.rp2040;
    while (clock.nanos < untilNs && this.pendingReset === undefined) {
      if (!this.lockedUp && shouldWake(core)) {
        core.waiting = false;
        return;
      }
      clock.advanceTo(Math.min(untilNs, clock.nextNs));
    }
  }

  private restart(state: Retained): void {
    this.pendingReset = undefined;
    this.fault = false;
    this.lockedUp = false;
    this.stopped = undefined;
    this.chip.detach();
    this.resets++;
    this.chip = this.newChip(state);
  }

  private newChip(state: Retained): Chip {
    const chip = new Chip(
      {
        clock: this.clock,
        random: this.random,
        flash: this.flash,
        units: this.units,
        bootRom: this.bootRom,
        onCharacter: (byte, bitNs, endNs) => this.characterSent(byte, bitNs, endNs),
        onWatchdog: (reason) => {
          this.pendingReset = this.chip.retain(reason);
        },
        onUnmodelled: (where) => this.countUnmodelled(where),
        onFault: () => {
          this.fault = true;
        },
      },
      state,
    );
    this.pins.attach(chip.rp2040);
    this.adc.attach(chip.rp2040);
    return chip;
  }

  private characterSent(byte: number, bitNs: number, endNs: number): void {
    if (this.hostBaud === undefined || sameRate(1e9 / this.hostBaud, bitNs)) {
      this.onByte(byte, endNs);
      return;
    }
    const sampled = sampleCharacter(byte, bitNs, 1e9 / this.hostBaud);
    if (sampled.framingError) this.framingErrors++;
    else this.onByte(sampled.byte, endNs);
  }

  private countUnmodelled(where: string): void {
    const key = this.unmodelled.has(where) || this.unmodelled.size < UNMODELLED_MAX ? where : 'others';
    this.unmodelled.set(key, (this.unmodelled.get(key) ?? 0) + 1);
  }
}
