/**
 * The bridge's real outlets beside a board in virtual time: gateway, MQTT and broker, each in its worker, reading the
 * feed. Their own timers are the wall clock's, so what they deliver is judged by content and order only; and virtual time
 * waits for them, so that they lose nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.js';
import type { Feed } from '../feed/feed.js';
import { cursorAt } from '../feed/ring.js';
import { monotonicUs } from '../host-clock.js';
import { type BoardCommand, type CommandAnswer, type OutletName, outletNames } from '../outlet.js';
import { Supervisor } from '../supervisor.js';
import type { OutletPorts } from './rig.js';

export interface VirtualOutletsOptions {
  readonly feed: Feed;
  readonly config: Config;
  readonly startedUtcUs: number;
  /** Somebody at an outlet wants the board to do something. */
  readonly command: (command: BoardCommand) => Promise<CommandAnswer>;
}

const outlets = ['gateway', 'mqtt', 'broker'] as const satisfies readonly OutletName[];
/** The broker reads no frames. */
const readers = ['gateway', 'mqtt'] as const;
const START_MS = 30_000;
const BEHIND_MS = 30_000;
const LOOK_MS = 1;

export class VirtualOutlets {
  readonly #feed: Feed;
  readonly #supervisor: Supervisor;
  #fatal: string | null = null;

  constructor({ feed, config, startedUtcUs, command }: VirtualOutletsOptions) {
    this.#feed = feed;
    this.#supervisor = new Supervisor({
      feed,
      config,
      explicit: ['http.port', 'mqtt.port'],
      epoch: '00000001',
      startedUtcUs,
      outlets,
      handlers: {
        command,
        fatal: (_, text) => {
          this.#fatal = text;
        },
      },
    });
    this.#supervisor.start();
  }

  /** Resolves when all of them work. @throws Error with what is missing */
  async ready(): Promise<OutletPorts> {
    const endUs = monotonicUs() + START_MS * 1e3;
    for (;;) {
      const ports = portsOf(this.#supervisor);
      if (ports !== null) return ports;
      if (this.#fatal !== null) throw new Error(this.#fatal);
      if (monotonicUs() > endUs)
        throw new Error(`outlets: not up within ${START_MS} ms: ${describe(this.#supervisor)}`);
      await sleep(LOOK_MS);
    }
  }

  /** Until they have read what is in the feed now. @throws Error when one does not go on */
  async caughtUp(): Promise<void> {
    const { frames, events } = this.#feed;
    const heads = [frames, events].map(({ offset }) => offset);
    const endUs = monotonicUs() + BEHIND_MS * 1e3;
    this.#feed.wakeParked();
    while (readers.some((name) => this.#isBehind(name, heads))) {
      if (monotonicUs() > endUs) throw new Error(`an outlet does not read on: ${describe(this.#supervisor)}`);
      await sleep(LOOK_MS);
    }
  }

  async stop(): Promise<void> {
    await this.#supervisor.stop();
  }

  #isBehind(name: OutletName, heads: readonly number[]): boolean {
    const { frames, events } = this.#feed;
    const at = cursorAt(outletNames.indexOf(name));
    // i32 words of offsets that do not wrap: compared by their difference.
    return [frames, events].some(({ ring }, i) => (((heads[i]! | 0) - Atomics.load(ring.control, at)) | 0) > 0);
  }
}

/** Null until the gateway listens, the broker does, and the MQTT outlet is connected to it. */
export function portsOf(supervisor: Supervisor): OutletPorts | null {
  const { states } = supervisor;
  const portOf = (name: OutletName) => states.find((state) => state.name === name)?.info.port;
  const [httpPort, mqttPort] = [portOf('gateway'), portOf('broker')];
  const isConnected = states.find(({ name }) => name === 'mqtt')?.up === true;
  return typeof httpPort === 'number' && typeof mqttPort === 'number' && isConnected ? { httpPort, mqttPort } : null;
}

const describe = ({ states }: Supervisor): string =>
  states.map(({ name, up, detail }) => `${name} ${up ? 'up' : 'down'} (${detail})`).join(', ');
