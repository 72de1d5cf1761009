/** One run of one test: board and bridge for it, what it did not hold, and its verdict. */
import type { TestContext } from 'vitest';
import { artefactPath, saveArtefact } from './artefact.js';
import { BoardHealth, type Unwell } from './board-health.js';
import { brokenBoard, markBroken } from './broken-boards.js';
import { type Capability, unmet, unmetByPlainLines } from './capabilities.js';
import { environment } from './environment.js';
import { RecordingRig } from './recording-rig.js';
import type { Rig } from './rig.js';
import type { FirmwareKind, Target } from './targets.js';
import { RecordingEnded, SetupError, type TestMeta, type TestVerdict } from './test-verdict.js';
import { Trace } from './trace.js';
import { summarize } from './trace-summary.js';

const STREAMING_MS = 15_000;

export interface TestRunOptions extends Pick<TestContext, 'task' | 'skip'> {
  readonly target: Target;
  readonly needs: readonly Capability[];
  readonly firmware: FirmwareKind;
  readonly seed: number;
}

export class TestRun {
  readonly #options: TestRunOptions;
  /** Null until there is a board. */
  #up: { readonly rig: Rig; readonly health: BoardHealth } | null = null;
  readonly #marginal: string[] = [];
  #inconclusive: string | null = null;
  #refused: string | null = null;
  #unstable: string | null = null;

  private constructor(options: TestRunOptions) {
    this.#options = options;
  }

  /** A board that is ready to be tested; ends the test when there is none. */
  static async begin(options: TestRunOptions): Promise<TestRun> {
    const run = new TestRun(options);
    run.#checkTarget();
    run.#up = await run.#start();
    await run.#checkStamps();
    return run;
  }

  get rig(): Rig {
    return this.#up!.rig;
  }

  get health(): BoardHealth {
    return this.#up!.health;
  }

  /** Looks how the board is, closes everything, and tells the verdict. Throws what the board complains of. */
  async end(): Promise<void> {
    const { task } = this.#options;
    const found: Unwell[] = task.result?.errors?.map(foundOf) ?? [];
    const isPassed = task.result?.state === 'pass';
    const complaint = isPassed ? await this.health.complaint().catch(complaintOf) : null;
    if (complaint !== null) found.push(complaint);
    const { noise } = this.rig;
    // Whatever becomes of it, the test has a verdict and a recording.
    const left = await this.rig.close().then(() => null, complaintOf);
    const isNews = left !== null && !found.some(({ message }) => message === left.message);
    if (isNews) found.push(left);
    const errors = found.map(({ message }) => message);
    const isFailed = found.length > 0 && this.#inconclusive === null && this.#refused === null;
    // Neither passed nor failed, where this machine explains all of it: on a quiet one it would have been one or the other.
    if (isFailed && found.every(({ excuse }) => excuse !== null)) {
      this.#inconclusive = found.map(({ message, excuse }) => `${message}; ${excuse}`).join('; ');
    }
    const verdict = this.#verdict(isFailed);
    const isKept = verdict === 'fail' || verdict === 'inconclusive' || environment.isRecorded;
    const reason = this.#inconclusive ?? this.#refused ?? (isFailed ? errors.join('; ') : null);
    const artefact = isKept ? this.#save(errors.length > 0 || reason === null ? errors : [reason]) : null;
    this.#tell(verdict, { reason, artefact, noise });
    if (verdict === 'inconclusive' && isFailed) this.#options.skip(`inconclusive: ${this.#inconclusive}`);
    const thrown = complaint ?? (isNews ? left : null);
    if (thrown !== null) throw new Error(thrown.message);
  }

  #verdict(isFailed: boolean): TestVerdict {
    if (this.#inconclusive !== null) return 'inconclusive';
    if (this.#refused !== null || this.#options.task.result?.state === 'skip') return 'skipped';
    if (isFailed) return 'fail';
    return this.#marginal.length > 0 ? 'marginal' : 'pass';
  }

  #checkTarget(): void {
    const { target, needs, firmware } = this.#options;
    const dead = brokenBoard(target.name);
    if (target.refused !== undefined && dead === null) {
      markBroken(target.name, target.refused);
      this.#cannot(target.refused);
    }
    const missing = target.missing(firmware);
    const wanted: Capability[] = firmware === 'release' ? [...needs] : [...needs, 'testFirmware'];
    const unable = this.#notRecorded() ?? unmet(target, wanted) ?? target.lacks?.(firmware) ?? null;
    if (missing !== null && unable === null && environment.isRequired && dead === null) {
      markBroken(target.name, missing);
      this.#cannot(`HIL_REQUIRE=1, and ${missing}`);
    }
    const broken = dead && `the board is broken: ${dead}`;
    const reason = target.refused === undefined ? (unable ?? missing ?? broken) : broken;
    if (!reason) return;
    this.#tell('skipped', { reason });
    this.#options.skip(reason);
  }

  /** What a board prints is known only when it streams. */
  async #checkStamps(): Promise<void> {
    const { target, needs, skip } = this.#options;
    const reason = unmetByPlainLines(target.name, needs);
    if (reason === null) return;
    const { loop } = this.rig;
    // In real time it has been waited for; a board that does not stream is for the test to tell.
    if (!target.isRealTime) {
      await this.rig.until('the board streams', () => loop.session.state === 'streaming', STREAMING_MS).catch(() => {});
    }
    if (loop.board.established !== null || loop.board.plain === null) return;
    await this.rig.close();
    this.#tell('skipped', { reason });
    skip(reason);
  }

  #notRecorded(): string | null {
    const { target, task } = this.#options;
    const { replays } = target;
    return replays === undefined || replays.test === fullName(task) ? null : `the recording is of "${replays.test}"`;
  }

  /** Once more when it does not come up: a board may need it. Told as unstable, for a test must not hide it. */
  async #start(): Promise<{ rig: Rig; health: BoardHealth }> {
    let first: string;
    try {
      return await this.#try();
    } catch (error) {
      first = messageOf(error);
    }
    try {
      const up = await this.#try();
      this.#unstable = first;
      return up;
    } catch (error) {
      const again = messageOf(error);
      const reason = again === first ? again : `${again} (at the first try: ${first})`;
      markBroken(this.#options.target.name, reason);
      return this.#cannot(reason);
    }
  }

  async #try(): Promise<{ rig: Rig; health: BoardHealth }> {
    const { target, firmware, seed, needs } = this.#options;
    const rig = new RecordingRig(
      await target.start({ firmware, seed, needs, trace: (nowUs) => this.#newTrace(nowUs) }),
    );
    const health = new BoardHealth(rig);
    try {
      if (target.isRealTime) await health.begin();
      rig.begin();
      return { rig, health };
    } catch (error) {
      await rig.close();
      throw error;
    }
  }

  #cannot(reason: string): never {
    this.#tell('set-up error', { reason });
    throw new SetupError(reason);
  }

  #newTrace(nowUs: () => number): Trace {
    const { target, skip } = this.#options;
    const replay = `again: ${this.#again}\nas it was, once it is recorded: ${this.#replay}`;
    return new Trace({
      nowUs,
      isRealTime: target.isRealTime,
      replay,
      inconclusive: (reason) => {
        // The first says what was found: a later one may only be on its way out.
        this.#inconclusive ??= reason;
        return skip(`inconclusive: ${reason}`);
      },
      refuse: (reason) => {
        this.#refused = reason;
        return skip(reason);
      },
      marginal: (claim) => this.#marginal.push(claim),
    });
  }

  #save(errors: readonly string[]): string | null {
    const { target, task, firmware, seed } = this.#options;
    // What fails in a replay is recorded already.
    if (target.replays !== undefined) return target.replays.path;
    const { faults, trace } = this.rig;
    try {
      const path = saveArtefact(
        {
          target: target.name,
          isRealTime: target.isRealTime,
          capabilities: [...target.capabilities],
          firmware,
          seed,
          faultBackEnd: faults?.backEnd ?? null,
          file: task.file.name,
          test: fullName(task),
          errors,
        },
        trace.recording,
      );
      process.stderr.write(`recorded: ${path}\nreplay:   ${this.#replay}\n`);
      return path;
    } catch (error) {
      // A full disk must not hide why the test failed.
      process.stderr.write(`not recorded: ${messageOf(error)}\n`);
      return null;
    }
  }

  get #again(): string {
    const { target, seed } = this.#options;
    const given = environment.given.map(([name, value]) => `${name}=${quoted(value)} `).join('');
    return `${given}HIL_TARGET=${quoted(target.name)} HIL_SEED=${seed} ${this.#command}`;
  }

  get #replay(): string {
    const { target, task } = this.#options;
    return `HIL_REPLAY=${quoted(target.replays?.path ?? artefactPath({ target: target.name, file: task.file.name, test: fullName(task) }))} ${this.#command}`;
  }

  /** `-t` takes a regular expression. */
  get #command(): string {
    const { task } = this.#options;
    return `npx vitest run ${quoted(task.file.name)} -t ${quoted(task.name.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))}`;
  }

  #tell(verdict: TestVerdict, more: Partial<TestMeta>): void {
    const { task, target, seed } = this.#options;
    const meta: TestMeta = {
      verdict,
      reason: null,
      marginal: this.#marginal,
      unstable: this.#unstable,
      target: target.name,
      seed,
      again: this.#again,
      artefact: null,
      noise: null,
      trace: this.#up === null ? null : summarize(this.rig.trace),
      ...more,
    };
    task.meta.hil = meta;
  }
}

/** A test that failed was recorded up to there: mended, it passes its replay, and how the board was then nobody looked. */
const complaintOf = (error: unknown): Unwell | null =>
  error instanceof RecordingEnded ? null : { message: messageOf(error), excuse: excuseOf(error) };
/** An error as vitest keeps it: a plain object, with the fields of what was thrown. Only a wait of the kit brings an excuse. */
const foundOf = (error: { readonly message: string }): Unwell => ({ message: error.message, excuse: excuseOf(error) });
const excuseOf = (error: unknown): string | null => {
  const { name, excuse } = error as { readonly name?: unknown; readonly excuse?: unknown };
  return name === 'TimedOut' && typeof excuse === 'string' ? excuse : null;
};
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const fullName = ({ name, fullTestName }: TestContext['task']): string => fullTestName ?? name;
/** For a POSIX shell. */
const quoted = (text: string): string => (/^[\w./:=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
