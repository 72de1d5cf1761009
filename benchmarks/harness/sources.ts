/** The boards of the benchmarks: both speak on a plan of their own (open loop), and only when they are told to. */
import { boardPriority } from './priority.js';
import { Program } from './processes.js';

/** Prints CSV lines, as tutorials have them. */
export class LineSource {
  private constructor(
    private readonly program: Program,
    readonly port: string,
  ) {}

  static async start(rateHz: number): Promise<LineSource> {
    const program = Program.start('dist/benchmarks/native/line-source', [String(rateHz)]);
    const [, port] = await program.line(/^port (.+)/);
    const source = new LineSource(program, port!);
    await source.rest();
    return source;
  }

  speak(): void {
    this.program.child.kill('SIGUSR2');
  }

  /** @returns by how much it was itself late since `speak`, µs: p50 and p99 */
  async rest(): Promise<readonly [number, number]> {
    const said = this.program.nextLine(/^late (\d+) (\d+)/);
    this.program.child.kill('SIGUSR1');
    const [, p50, p99] = await said;
    return [Number(p50), Number(p99)];
  }

  end(): Promise<void> {
    return this.program.end();
  }
}

/** A bridge cannot be told a bit rate that no line has; with `--instant` bytes take no time at any rate. */
export const BOARD_BAUD = 20_000_000;

export interface BoardOptions {
  readonly id?: string;
  /** Waits awake for each release, which costs 60 µs of CPU each: not for many boards. */
  readonly isExact?: boolean;
}

/**
 * The firmware's host port: real frames in the real protocol. Between windows its process is stopped; it begins again by
 * its reset button, as a board does, and the bridge takes it anew.
 */
export class Board {
  private constructor(
    readonly program: Program,
    readonly port: string,
    /** CLOCK_MONOTONIC at device time 0 of this boot. */
    public zeroNs: bigint,
  ) {}

  static async start(rateHz: number, { id, isExact = true }: BoardOptions = {}): Promise<Board> {
    const name = id === undefined ? [] : ['--id', id];
    const first = boardPriority();
    const exact = isExact ? [...first, '--spin', '60'] : first;
    const rate = ['--rate', String(rateHz), '--baud', String(BOARD_BAUD), '--instant'];
    const program = Program.start('firmware/build/host/tautline-host', [...rate, ...exact, ...name]);
    const [, port] = await program.line(/^port (.+)/);
    const [, zero] = await program.line(/^zero (\d+)/);
    return new Board(program, port!, BigInt(zero!));
  }

  get zeroUs(): number {
    return Number(this.zeroNs) / 1e3;
  }

  /** Boots again. */
  async speak(): Promise<void> {
    const booted = this.program.nextLine(/^zero (\d+)/);
    this.program.child.kill('SIGUSR1');
    this.program.child.kill('SIGCONT');
    const [, zero] = await booted;
    this.zeroNs = BigInt(zero!);
  }

  rest(): void {
    this.program.child.kill('SIGSTOP');
  }

  end(): Promise<void> {
    this.program.child.kill('SIGCONT');
    return this.program.end();
  }
}
