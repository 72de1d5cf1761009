/**
 * The bridge's main thread in virtual time: it sleeps until a timer or the port wakes it, and keeps the account that
 * Linux and libuv would keep. What can keep it from running: a callback (busy), a call that sleeps in the kernel
 * (blocked), others on the CPU (starved), a stopped process, a suspended machine.
 */
import type { LookTimer, WatchedThread } from '../deadline/evidence.js';

export type Absence = 'busy' | 'blocked' | 'starved' | 'stopped' | 'suspended';

const WAKE_UP_US = 15;
const READ_US = 8;
/** 2 µs for a frame of 36 bytes. */
const JUDGE_US_PER_BYTE = 2 / 36;
const TIMER_LATENESS_US = 100;
const NEVER = Number.POSITIVE_INFINITY;

class VirtualTimer implements LookTimer {
  dueUs = NEVER;

  constructor(
    private readonly thread: HostThread,
    readonly us: number,
    readonly callback: () => void,
  ) {
    this.refresh();
  }

  refresh(): void {
    if (this.dueUs === NEVER) this.thread.arm(this);
    this.dueUs = this.thread.nowUs + this.us + TIMER_LATENESS_US * this.thread.random();
  }

  close(): void {
    this.dueUs = NEVER;
    this.thread.disarm(this);
  }
}

export interface ThreadWork {
  /** When the port is readable, true time. */
  readableUs(): number;
  /** Reads once and judges. @returns the bytes */
  read(): number;
}

export class HostThread implements WatchedThread {
  measured = true;
  nowUs: number;
  idleUs = 0;
  cpuUs = 0;
  runDelayUs = 0;
  /** CLOCK_MONOTONIC stands still while the machine is suspended. */
  suspendedUs = 0;
  /** The loop's reading part hangs: nothing is read nor looked for, while timers go on. */
  isReadingHung = false;
  #absence: Absence | null = null;
  #absentFromUs = 0;
  #absentUntilUs = 0;
  readonly #timers: VirtualTimer[] = [];

  constructor(
    startUs: number,
    readonly random: () => number,
    private readonly work: ThreadWork,
  ) {
    this.nowUs = startUs;
  }

  /** The host's monotonic clock. */
  get clockUs(): number {
    return this.nowUs - this.suspendedUs;
  }

  read(): void {}

  after(us: number, callback: () => void): LookTimer {
    return new VirtualTimer(this, us, callback);
  }

  arm(timer: VirtualTimer): void {
    this.#timers.push(timer);
  }

  disarm(timer: VirtualTimer): void {
    const at = this.#timers.indexOf(timer);
    if (at >= 0) this.#timers.splice(at, 1);
  }

  close(): void {}

  /** All timers go: the process has died. */
  die(): void {
    this.#timers.length = 0;
    this.#absence = null;
  }

  /** Keeps the thread from running from now on for so long; an absence under way is lengthened. */
  absent(kind: Absence, nowUs: number, us: number): void {
    if (this.#absence !== null && nowUs < this.#absentUntilUs) {
      this.#absentUntilUs = Math.max(this.#absentUntilUs, nowUs + us);
      return;
    }
    const isCall = kind === 'busy' || kind === 'blocked';
    // A call begins when the thread is awake: it wakes for it.
    if (isCall) this.#wakeAt(Math.max(this.nowUs, nowUs));
    this.#absence = kind;
    this.#absentFromUs = Math.max(this.nowUs, nowUs);
    this.#absentUntilUs = this.#absentFromUs + us;
  }

  get isAbsent(): boolean {
    return this.#absence !== null;
  }

  /** Whether the whole process does not run, with all its threads. */
  isProcessStopped(nowUs: number): boolean {
    const isWhole = this.#absence === 'stopped' || this.#absence === 'suspended';
    return isWhole && nowUs >= this.#absentFromUs;
  }

  /** When it next does something, true time. */
  get dueUs(): number {
    let wakeUs = this.isReadingHung ? NEVER : this.work.readableUs();
    for (let i = 0; i < this.#timers.length; i++) {
      const { dueUs } = this.#timers[i]!;
      if (dueUs < wakeUs) wakeUs = dueUs;
    }
    if (wakeUs < this.nowUs) wakeUs = this.nowUs;
    if (this.#absence === null) return wakeUs;
    const isCall = this.#absence === 'busy' || this.#absence === 'blocked';
    return isCall || wakeUs >= this.#absentFromUs ? Math.max(wakeUs, this.#absentUntilUs) : wakeUs;
  }

  /** @param atUs what `dueUs` said */
  run(atUs: number): void {
    if (this.#absence !== null && atUs >= this.#absentUntilUs) this.#comeBack(atUs);
    else this.#wakeAt(atUs);
    // As libuv does: timers first, then the port.
    this.#fireTimers();
    if (!this.isReadingHung && this.work.readableUs() <= this.nowUs) this.readNow();
  }

  /** One read of the port, by whoever looks. */
  readNow(): number {
    this.#spend(READ_US);
    const bytes = this.work.read();
    this.#spend(JUDGE_US_PER_BYTE * bytes);
    return bytes;
  }

  /** A look that found nothing costs as much as a read. */
  looked(): void {
    this.#spend(READ_US);
  }

  #fireTimers(): void {
    for (;;) {
      let next: VirtualTimer | null = null;
      for (const timer of this.#timers)
        if (timer.dueUs <= this.nowUs && timer.dueUs < (next?.dueUs ?? NEVER)) next = timer;
      if (next === null) return;
      next.close();
      next.callback();
    }
  }

  #wakeAt(atUs: number): void {
    if (atUs > this.nowUs) {
      this.idleUs += atUs - this.nowUs;
      this.nowUs = atUs;
    }
    this.#spend(WAKE_UP_US * (0.5 + this.random()));
  }

  #comeBack(atUs: number): void {
    const kind = this.#absence;
    const fromUs = this.#absentFromUs;
    const untilUs = this.#absentUntilUs;
    this.#absence = null;
    if (kind === 'busy' || kind === 'blocked') {
      if (kind === 'busy') this.cpuUs += untilUs - fromUs;
      this.nowUs = untilUs;
      if (atUs > untilUs) this.#wakeAt(atUs);
      return;
    }
    if (kind === 'suspended') {
      // Time has not passed, neither for timers.
      this.suspendedUs += untilUs - fromUs;
      for (const timer of this.#timers) timer.dueUs += untilUs - fromUs;
      this.idleUs -= untilUs - fromUs;
    }
    const wokenUs = this.#wantedUs(fromUs);
    if (kind === 'starved' && wokenUs < untilUs) this.runDelayUs += untilUs - wokenUs;
    this.#wakeAt(atUs);
  }

  /** When it would have run if nobody had kept it from it. */
  #wantedUs(fromUs: number): number {
    let wantedUs = this.work.readableUs();
    for (const { dueUs } of this.#timers) if (dueUs < wantedUs) wantedUs = dueUs;
    return Math.max(fromUs, wantedUs);
  }

  #spend(us: number): void {
    this.cpuUs += us;
    this.nowUs += us;
  }
}
