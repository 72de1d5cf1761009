/**
 * Commands to a board: one outstanding, a counter from 1 in each session, the same counter on every retry (the board
 * executes it once and repeats its answer), an expiry in device time. Pure: times are host monotonic us.
 */
import type { HostMessage, Message } from '../codec/message.js';
import { type AnswerCode, answerCodes } from '../codec/schema.js';

const RETRY_US = 100_000;
/** Longer than any expiry: after it, a command cannot run any more, answered or not. */
const ANSWER_MARGIN_US = 200_000;
export const COMMANDS_WAITING_MAX = 16;
const COMMAND_EXPIRY_US = 1_000_000;

/** What the clock model promises: the earliest device time (us, unwrapped) that can correspond to a host instant; null while it is not valid. */
export type EarliestDeviceUs = (hostUs: number) => number | null;

export interface CommandRequest {
  /** The host's own; the board does not interpret it. */
  readonly id: number;
  readonly command: string;
  /** Raw integers, scaled already. */
  readonly arguments: readonly number[];
  /** How long after being asked for it may still run. */
  readonly expiryUs?: number;
}

export type CommandResult =
  | { readonly ok: true }
  | {
      readonly ok: false;
      /** The board's are those of its `nack`, written as all codes that clients see. */
      readonly code: Dashed<AnswerCode> | 'no-session' | 'clock-invalid' | 'queue-full' | 'no-answer' | 'session-lost';
      readonly detail: string;
    };

interface Waiting {
  readonly request: CommandRequest;
  readonly askedUs: number;
  readonly done: (result: CommandResult) => void;
}

interface Outstanding extends Waiting {
  readonly message: Message<'command'>;
  readonly giveUpUs: number;
  retryUs: number;
}

export class CommandChannel {
  readonly counters = { sent: 0, retries: 0, acks: 0, nacks: 0, unanswered: 0, refused: 0, strayAnswers: 0 };
  #tag: number | null = null;
  #counter = 0;
  #outstanding: Outstanding | null = null;
  readonly #waiting: Waiting[] = [];

  constructor(
    private readonly send: (message: HostMessage) => void,
    private readonly earliestDeviceUs: EarliestDeviceUs,
  ) {}

  /** A session begins: counters start again at 1. */
  opened(tag: number): void {
    this.closed();
    this.#tag = tag;
    this.#counter = 0;
  }

  /** The session is over: everything that waits is answered so. */
  closed(): void {
    this.#tag = null;
    const interrupted = this.#outstanding;
    this.#outstanding = null;
    interrupted?.done(
      failure('session-lost', 'the session ended before the board answered: the command may or may not have run'),
    );
    for (const { done } of this.#waiting.splice(0)) done(failure('session-lost', 'the session ended; it was not sent'));
  }

  /** Sends the command, or queues it. `done` is called exactly once, perhaps before this returns. */
  request(request: CommandRequest, nowUs: number, done: (result: CommandResult) => void): void {
    if (this.#tag === null) this.#refuse(done, 'no-session', 'the board has no session: wait until it streams');
    else if (this.#waiting.length >= COMMANDS_WAITING_MAX) {
      this.#refuse(done, 'queue-full', `${COMMANDS_WAITING_MAX} commands wait already: ask again later`);
    } else {
      this.#waiting.push({ request, askedUs: nowUs, done });
      this.#next(nowUs);
    }
  }

  /** An `ack` or `nack` of this session. */
  answer({ name, counter, code }: Message<'ack'> | Message<'nack'>, nowUs: number): void {
    const outstanding = this.#outstanding;
    if (outstanding === null || counter !== outstanding.message.counter) {
      this.counters.strayAnswers++;
      return;
    }
    this.#outstanding = null;
    if (name === 'ack') {
      this.counters.acks++;
      outstanding.done({ ok: true });
    } else {
      this.counters.nacks++;
      const known = answerCodeName(code);
      outstanding.done(
        failure(dashed(known), `the board refused "${outstanding.request.command}": ${answerTexts[known]}`),
      );
    }
    this.#next(nowUs);
  }

  /** Retries and gives up; call it every few ms, or at `dueUs`. */
  tick(nowUs: number): void {
    const outstanding = this.#outstanding;
    if (outstanding === null) return;
    if (nowUs >= outstanding.giveUpUs) {
      this.#outstanding = null;
      this.counters.unanswered++;
      const detail = `no answer within ${Math.round((outstanding.giveUpUs - outstanding.askedUs) / 1e3)} ms; it may have run, and cannot any more`;
      outstanding.done(failure('no-answer', detail));
      this.#next(nowUs);
    } else if (nowUs >= outstanding.retryUs) {
      outstanding.retryUs = nowUs + RETRY_US;
      this.counters.retries++;
      this.send(outstanding.message);
    }
  }

  get dueUs(): number {
    const outstanding = this.#outstanding;
    return outstanding === null ? Number.POSITIVE_INFINITY : Math.min(outstanding.retryUs, outstanding.giveUpUs);
  }

  #next(nowUs: number): void {
    while (this.#outstanding === null && this.#tag !== null) {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) return;
      this.#dispatch(waiting, this.#tag, nowUs);
    }
  }

  #dispatch(waiting: Waiting, tag: number, nowUs: number): void {
    const { request, askedUs, done } = waiting;
    const expiresUs = askedUs + (request.expiryUs ?? COMMAND_EXPIRY_US);
    const deviceUs = this.earliestDeviceUs(expiresUs);
    if (deviceUs === null) {
      this.#refuse(
        done,
        'clock-invalid',
        "the board's clock is not known well enough yet to give the command an expiry",
      );
      return;
    }
    if (nowUs >= expiresUs) {
      this.#refuse(done, 'expired', 'it expired while it waited for the commands before it');
      return;
    }
    this.#counter++;
    const { id, command } = request;
    const message: Message<'command'> = {
      name: 'command',
      session: tag,
      counter: this.#counter,
      id,
      // Rounded down: rather too early than too late. The wire carries the low 32 bits.
      expiryUs: Math.floor(deviceUs) >>> 0,
      command,
      arguments: request.arguments,
    };
    this.#outstanding = { ...waiting, message, giveUpUs: expiresUs + ANSWER_MARGIN_US, retryUs: nowUs + RETRY_US };
    this.counters.sent++;
    this.send(message);
  }

  #refuse(done: (result: CommandResult) => void, code: Exclude<CommandResult, { ok: true }>['code'], detail: string) {
    this.counters.refused++;
    done(failure(code, detail));
  }
}

const answerTexts: Record<AnswerCode, string> = {
  ok: 'for no reason (a nack with code 0)',
  stale: 'its counter was used already: the session is out of step',
  expired: 'it came after its expiry; the line or the board is slow',
  unknownCommand: 'it knows no such command',
  badArguments: 'the arguments are too many, too few or out of range',
  armedElsewhere: 'another host has armed it',
  tripped: 'it has tripped; re-arm it first',
  notTripped: 'it has not tripped',
  notArmed: 'it is not armed; arm it first',
  noHeartbeat: 'it hears no heartbeat; arming needs a running one',
  unsupported: 'it does not support this',
};

const answerCodeNames = new Map(
  Object.entries(answerCodes).map(([name, code]) => [code as number, name as AnswerCode]),
);

function answerCodeName(code: number): AnswerCode {
  return answerCodeNames.get(code) ?? 'unsupported';
}

type Dashed<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `-${Lowercase<First>}`}${Dashed<Rest>}`
  : Name;

function dashed<Name extends string>(name: Name): Dashed<Name> {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`) as Dashed<Name>;
}

function failure(code: Exclude<CommandResult, { ok: true }>['code'], detail: string): CommandResult {
  return { ok: false, code, detail };
}
