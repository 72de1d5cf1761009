/**
 * What the host says to one board: heartbeats, pings, commands, the safe state. The policy decides, the board executes,
 * and nothing here arms by itself.
 */

import { CommandChannel, type CommandResult } from '../board/commands.js';
import { Heartbeat, PingSchedule } from '../board/heartbeat.js';
import type { CommandDescriptor } from '../codec/descriptor.js';
import { valueRanges } from '../codec/layout.js';
import type { HostMessage, Message } from '../codec/message.js';
import { type ArmState, COMMAND_ARGUMENTS_MAX, type TripCause, tripCauses } from '../codec/schema.js';
import type { ClockModel, MappedTime } from '../deadline/clock.js';
import { BoardPolicy } from '../deadline/policy.js';
import type { BoardCommand, CommandAnswer } from '../outlet.js';

export interface ControlOutput {
  /** In the encoding in force; false when the port's queue refused it. */
  send(message: HostMessage): boolean;
  /** As `send`, with the clock read as late as possible. @returns host µs at which the message was handed to the port */
  sendStamped(message: HostMessage): number;
  alarm(id: string, active: boolean, text: string): void;
  log(level: 'info' | 'warning' | 'error', text: string): void;
}

export class BoardControl {
  readonly policy: BoardPolicy;
  readonly heartbeat = new Heartbeat();
  readonly pings = new PingSchedule();
  readonly commands: CommandChannel;
  /** Commands of the board's descriptor. */
  #declared: readonly CommandDescriptor[] = [];
  #armable = false;
  #tag: number | null = null;
  #commandId = 0;
  /** Of the newest tick. */
  #nowUs = 0;
  readonly #mapped: MappedTime = { hostUs: Number.NaN, uncertaintyUs: Number.POSITIVE_INFINITY };

  constructor(
    private readonly clock: ClockModel,
    private readonly output: ControlOutput,
  ) {
    this.policy = new BoardPolicy({
      safe: (cause) => this.#sendSafe(cause),
      alarm: (id, active, text) => output.alarm(id, active, text),
    });
    this.commands = new CommandChannel(
      (message) => output.send(message),
      (hostUs) => {
        const deviceUs = clock.deviceNotAfter(hostUs);
        return Number.isNaN(deviceUs) ? null : deviceUs;
      },
    );
  }

  opened(tag: number, armable: boolean, declared: readonly CommandDescriptor[], nowUs: number): void {
    this.#tag = tag;
    this.#armable = armable;
    this.#declared = declared;
    this.policy.opened(nowUs);
    this.commands.opened(tag);
    this.pings.opened(tag, nowUs);
    if (armable) this.heartbeat.opened(tag);
  }

  /** @param isLost nobody wanted the session to end */
  closed(isLost: boolean): void {
    if (isLost) this.policy.lost();
    else this.policy.disarm();
    this.#tag = null;
    this.commands.closed();
    this.pings.closed();
    this.heartbeat.closed();
  }

  /**
   * @param isChecked the loop has turned since the last beat, and looked for silence
   * @param echoUs release of the newest good frame, device µs (64-bit); NaN before the first
   * @returns whether a heartbeat was due, so that the next one needs a new proof
   */
  tick(nowUs: number, isChecked: boolean, echoUs: number): boolean {
    this.#nowUs = nowUs;
    this.commands.tick(nowUs);
    const ping = this.pings.next(nowUs);
    if (ping !== null) this.pings.sent(ping.id, this.output.sendStamped(ping));
    if (nowUs < this.heartbeat.dueUs) return false;
    const echo = Number.isNaN(echoUs) ? null : echoUs >>> 0;
    const beat = this.heartbeat.beat(nowUs, { isChecked, echoUs: echo, isArmed: this.policy.state === 'armed' });
    if (beat !== null && this.output.send(beat)) this.policy.heartbeat(nowUs);
    return true;
  }

  answered(message: Message<'ack'> | Message<'nack'>, nowUs: number): void {
    this.commands.answer(message, nowUs);
  }

  /** The board says that it has tripped, or is armed. */
  reported(state: ArmState, cause: TripCause): void {
    const was = this.policy.state;
    this.policy.reported(state, cause);
    if (this.policy.state === 'tripped' && was !== 'tripped') this.heartbeat.trip();
  }

  /** Somebody wants the board to do something. `done` is called once. */
  ask(command: BoardCommand, nowUs: number, done: (answer: CommandAnswer) => void): void {
    const words = [command.name, ...command.arguments].join(' ');
    this.output.log('info', `${words}, asked for by ${command.by}`);
    if (command.name === 'safe') this.#askSafe(done);
    else if (command.name === 'arm') this.#askArm(nowUs, done);
    else if (command.name === 'disarm') this.#request('disarm', [], nowUs, done, () => this.policy.disarm());
    else if (command.name === 'rearm') this.#askRearm(nowUs, done);
    else this.#askDeclared(command, nowUs, done);
  }

  #askSafe(done: (answer: CommandAnswer) => void): void {
    if (this.#tag === null) {
      done(refusal('no-session', 'the board has no session; its own watchdog keeps it safe'));
      return;
    }
    this.policy.safe();
    done({ ok: true, detail: 'tripped: outputs are safe, and stay so until rearm' });
  }

  #askArm(nowUs: number, done: (answer: CommandAnswer) => void): void {
    if (!this.#armable) {
      done(refusal('not-armable', 'the board has no outputs to arm'));
      return;
    }
    const { uncertaintyUs } = this.clock.map(nowUs - this.clock.offsetUs, this.#mapped);
    const allowed = this.policy.arm({ nowUs, uncertaintyUs });
    if (!allowed.ok) {
      done(refusal('not-ready', allowed.missing.join('; ')));
      return;
    }
    this.#request('arm', [], nowUs, (answer) => {
      if (!answer.ok) this.policy.disarm();
      // Whether the board did it nobody knows: left so, its next status would show it armed by nobody, which is a trip.
      if (!answer.ok && answer.code === 'no-answer') this.#request('disarm', [], this.#nowUs, () => undefined);
      done(answer);
    });
  }

  /**
   * The board may know nothing of a trip: because it was reset since, or because `safe` was lost, and then it may still be
   * armed. So it is disarmed before the host's latch is lifted.
   */
  #askRearm(nowUs: number, done: (answer: CommandAnswer) => void): void {
    if (this.policy.state !== 'tripped') {
      done(refusal('not-tripped', `the board is ${this.policy.state}`));
      return;
    }
    const lift = () => {
      this.policy.rearm();
      this.heartbeat.rearm();
    };
    this.#request(
      'rearm',
      [],
      nowUs,
      (answer) => {
        if (answer.ok || answer.code !== 'not-tripped') done(answer);
        else this.#request('disarm', [], this.#nowUs, (disarmed) => done(disarmed.ok ? notTripped : disarmed), lift);
      },
      lift,
    );
  }

  #askDeclared(command: BoardCommand, nowUs: number, done: (answer: CommandAnswer) => void): void {
    const declared = this.#declared.find((candidate) => candidate.name === command.name);
    if (declared === undefined) {
      const known = ['arm', 'disarm', 'rearm', 'safe', ...this.#declared.map((candidate) => candidate.name)].join(', ');
      done(refusal('unknown-command', `no command "${command.name}"; there are ${known}`));
      return;
    }
    const raw = toRaw(declared, command.arguments);
    const { state } = this.policy;
    if (typeof raw === 'string') done(refusal('bad-arguments', raw));
    else if (declared.dangerous && state !== 'armed') {
      done(refusal('not-armed', `"${declared.name}" moves something, and the board is ${state}: arm it first`));
    } else this.#request(declared.name, raw, nowUs, done);
  }

  #request(
    name: string,
    raw: readonly number[],
    nowUs: number,
    done: (answer: CommandAnswer) => void,
    then = () => {},
  ): void {
    this.#commandId = (this.#commandId + 1) >>> 0;
    this.commands.request({ id: this.#commandId, command: name, arguments: raw }, nowUs, (result: CommandResult) => {
      if (result.ok) then();
      const answer: CommandAnswer = result.ok ? { ok: true, detail: `the board has done ${name}` } : result;
      if (!result.ok) this.output.log('warning', `${name}: ${result.detail}`);
      done(answer);
    });
  }

  #sendSafe(cause: TripCause): void {
    this.heartbeat.trip();
    if (this.#tag !== null) this.output.send({ name: 'safe', session: this.#tag, cause: tripCauses[cause] });
  }
}

const notTripped: CommandAnswer = { ok: true, detail: 're-armed: the board itself had not tripped, and is disarmed' };
const refusal = (code: string, detail: string): CommandAnswer => ({ ok: false, code, detail });

/** @returns raw integers, or what is wrong with the values */
function toRaw(command: CommandDescriptor, values: readonly number[]): number[] | string {
  const declared = command.arguments;
  if (values.length !== declared.length || declared.length > COMMAND_ARGUMENTS_MAX) {
    const wanted = declared.map((argument) => `${argument.name} [${argument.unit}]`).join(', ') || 'none';
    return `"${command.name}" takes ${declared.length} arguments (${wanted}), not ${values.length}`;
  }
  const raw: number[] = [];
  for (const [i, { name, min, max, unit, scale, offset }] of declared.entries()) {
    const value = values[i]!;
    const isOutside =
      !Number.isFinite(value) || (min !== undefined && value < min) || (max !== undefined && value > max);
    if (isOutside) return `${name} = ${value} ${unit} is outside ${min ?? 'any'} to ${max ?? 'any'} ${unit}`;
    const asRaw = Math.round((value - offset) / scale);
    if (asRaw < valueRanges.i32.min || asRaw > valueRanges.i32.max) {
      const ends = [valueRanges.i32.min, valueRanges.i32.max].map((end) => end * scale + offset).sort((a, b) => a - b);
      return `${name} = ${value} ${unit} is outside ${ends[0]} to ${ends[1]} ${unit}, what the board can be told`;
    }
    raw.push(asRaw);
  }
  return raw;
}
