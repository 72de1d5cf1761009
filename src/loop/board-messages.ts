/** What the board says beside its frames, and what follows from it. */
import type { DeviceMessage, Message } from '../codec/message.js';
import {
  type ArmState,
  armStates,
  dataFlags,
  eventCodes,
  eventLevels,
  type TripCause,
  tripCauses,
} from '../codec/schema.js';
import { lineTiming, pingWireUs } from '../deadline/line-load.js';
import type { BoardLoop } from './board-loop.js';
import type { BoardCondition } from './condition.js';
import type { PongIntake } from './pongs.js';
import type { BoardLoopOptions } from './surroundings.js';

const armStateNames = Object.keys(armStates) as ArmState[];
const tripCauseNames = Object.keys(tripCauses) as TripCause[];

export interface BoardMessagesOptions {
  readonly options: Pick<BoardLoopOptions, 'config' | 'timedLine'>;
  readonly pongs: PongIntake;
  readonly condition: BoardCondition;
}

export class BoardMessages {
  /** Those of the newest frame. */
  #flags = 0;

  constructor(
    private readonly loop: Pick<BoardLoop, 'board' | 'control' | 'deviceTime' | 'report' | 'session'>,
    private readonly given: BoardMessagesOptions,
  ) {}

  /** A session begins. */
  restart(): void {
    this.#flags = 0;
  }

  take(message: DeviceMessage, arrivalUs: number): void {
    if (message.name === 'pong') this.#pong(message, arrivalUs);
    else if (message.name === 'status') this.#status(message, arrivalUs);
    else if (message.name === 'event') this.#event(message);
    else if (message.name === 'ack' || message.name === 'nack') this.loop.control.answered(message, arrivalUs);
  }

  /** Of a frame: they say that the board has tripped before its event does. */
  flags(flags: number): void {
    if (flags === this.#flags) return;
    const tripped = (flags & ~this.#flags & dataFlags.tripped) !== 0;
    this.#flags = flags;
    if (tripped) this.loop.control.reported('tripped', 'none');
  }

  #pong(pong: Message<'pong'>, arrivalUs: number): void {
    const { board, control, deviceTime, session } = this.loop;
    deviceTime.anchor(pong.deviceUs, arrivalUs);
    const txUs = deviceTime.unwrap(pong.txUs, arrivalUs);
    for (const { reporter } of board.streams) reporter.pong(txUs);
    const sentUs = control.pings.answered(pong.id);
    if (sentUs === null) return;
    const rxUs = deviceTime.unwrap(pong.rxUs, arrivalUs);
    const { options, pongs } = this.given;
    const wireUs = pingWireUs(session.encoding, lineTiming(options.config.baud, options.timedLine));
    pongs.add({ sentUs, rxUs, txUs, arrivalUs, wireUs });
  }

  #status(status: Message<'status'>, arrivalUs: number): void {
    const { board, control, deviceTime } = this.loop;
    deviceTime.anchor(status.deviceUs, arrivalUs);
    if (status.session !== board.established?.tag) return;
    this.given.condition.status = status;
    control.reported(armStateNames[status.armed] ?? 'disarmed', tripCauseNames[status.tripCause] ?? 'none');
  }

  #event(event: Message<'event'>): void {
    const { control, report } = this.loop;
    if (event.code === eventCodes.trip) control.reported('tripped', tripCauseNames[event.value] ?? 'none');
    const level = event.level >= eventLevels.error ? 'error' : event.level === eventLevels.warning ? 'warning' : 'info';
    report.said(level, event.text);
  }
}
