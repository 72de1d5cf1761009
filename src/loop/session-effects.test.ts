import { expect, it } from 'vitest';
import { ScriptedBoard, type ScriptedBoardOptions, sampleDescriptor } from '../board/testing/scripted-board.js';
import { encodeText } from '../codec/encode.js';
import type { HostMessage } from '../codec/message.js';
import { decodeText } from '../codec/text.js';
import type { BoardConfig } from '../config.js';
import { Feed } from '../feed/feed.js';
import type { TextEvent } from '../outlet.js';
import { BoardLoop } from './board-loop.js';

type AlarmText = Extract<TextEvent, { type: 'alarm' }>;

const STEP_US = 1000;
const TICK_US = 5000;
const MONITOR_PERIOD_US = 100_000;

/** The loop of a board that speaks text, in virtual time. */
class Bench {
  readonly told: TextEvent[] = [];
  readonly feed = Feed.create({ slotsPerSecond: 1000, seconds: 1 });
  readonly taken = new Set<string>();
  readonly loop: BoardLoop;
  board: ScriptedBoard;
  #nowUs = 1e6;
  #nonce = 5000;
  #toHost: Uint8Array[] = [];

  constructor(options: { config?: Partial<BoardConfig>; board?: ScriptedBoardOptions } = {}) {
    const publish = this.feed.text.bind(this.feed);
    this.feed.text = (event) => {
      this.told.push(event);
      publish(event);
    };
    this.loop = new BoardLoop({
      index: 0,
      config: { path: '/dev/x', baud: 921_600, encoding: 'text', contract: {}, ...options.config },
      provisionalId: 'board-1',
      feed: this.feed,
      clock: {
        nowUs: () => this.#nowUs,
        utcUs: (atUs) => atUs,
        stamp: (into) => {
          into.judgedUs = this.#nowUs;
        },
      },
      random32: () => this.#nonce++,
      timedLine: false,
      evidence: null,
      isTaken: (id) => this.taken.has(id),
    });
    this.board = this.#newBoard(options.board);
  }

  /** Alarms as they began and ended, with whose they are. */
  get alarms(): string[] {
    return this.told.flatMap((event) =>
      event.type === 'alarm' ? [`${event.board}/${event.id} ${event.active ? 'begins' : 'ends'}`] : [],
    );
  }

  /** Those that a worker which starts now is told of. */
  get standing(): AlarmText[] {
    return this.feed.retained.before(this.feed.events.offset).filter((event) => event.type === 'alarm');
  }

  /** Puts another board in the place of this one. */
  replace(options: ScriptedBoardOptions): void {
    this.loop.closed('unplugged', 'absent', this.#nowUs);
    this.board = this.#newBoard(options);
    this.open();
  }

  /** Plugs the board in. */
  open(): void {
    const send = (bytes: Uint8Array) => {
      const message = decodeText(bytes, 0, bytes.length - 1);
      if (message !== undefined) this.board.receive(message as HostMessage, 'text');
      return true;
    };
    this.loop.opened({ path: '/dev/x', send }, this.#nowUs);
  }

  ask(name: string): void {
    this.loop.ask({ board: this.loop.id, name, arguments: [], by: 'test' }, this.#nowUs, () => {});
  }

  run(seconds: number): void {
    for (const endUs = this.#nowUs + seconds * 1e6; this.#nowUs < endUs; this.#nowUs += STEP_US) {
      for (const bytes of this.#toHost.splice(0)) this.loop.chunk(bytes, { arrivalUs: this.#nowUs });
      if (this.#nowUs % TICK_US === 0) this.loop.tick(this.#nowUs);
      this.loop.looked(this.#nowUs);
      if (this.board.isStreaming || this.#nowUs % MONITOR_PERIOD_US === 0) this.board.release();
    }
  }

  #newBoard(options: ScriptedBoardOptions = {}): ScriptedBoard {
    return new ScriptedBoard((message) => this.#toHost.push(encodeText(message)), options);
  }
}

const ID = 'scripted-beef';

it('files the reason of a refused contract under the board that was refused, and ends it there', () => {
  const looser = { control: { leaseUs: 60_000 } };
  const bench = new Bench({ config: { contract: looser } });
  bench.open();
  bench.run(5);
  expect(bench.loop.id).toBe(ID);
  expect(bench.standing).toMatchObject([{ board: ID, id: 'refused', text: expect.stringContaining('leaseUs 60000') }]);
  bench.board.reset();
  bench.run(5);
  expect(bench.alarms).toEqual([`${ID}/refused begins`, `${ID}/refused ends`, `${ID}/refused begins`]);
  expect(bench.standing).toHaveLength(1);
});

it('ends the alarm about a second host when the board has taken this one', () => {
  const bench = new Bench();
  bench.board.armedElsewhere = true;
  bench.open();
  bench.run(5);
  expect(bench.standing).toMatchObject([{ id: 'second-host' }]);
  bench.board.armedElsewhere = false;
  bench.run(5);
  expect(bench.loop.session.state).toBe('streaming');
  expect(bench.standing).toEqual([]);
});

it('ends the alarm about a duplicate id when the id is free', () => {
  const bench = new Bench();
  bench.taken.add(ID);
  bench.open();
  bench.run(5);
  expect(bench.loop.id).toBe('board-1');
  expect(bench.standing).toMatchObject([{ board: 'board-1', id: 'duplicate-id' }]);
  bench.taken.clear();
  bench.board.reset();
  bench.run(5);
  expect(bench.loop.id).toBe(ID);
  expect(bench.standing).toEqual([]);
});

it('takes the alarms that stand along to the next id, so that none is left under one that nobody has', () => {
  const named = (id: string) => ({ descriptor: JSON.stringify({ ...sampleDescriptor, id }) });
  const bench = new Bench({ board: named('first') });
  bench.open();
  bench.run(5);
  bench.ask('safe');
  bench.replace(named('second'));
  bench.run(5);
  expect(bench.alarms).toEqual(['first/tripped begins', 'first/tripped ends', 'second/tripped begins']);
  bench.taken.add('third');
  bench.replace(named('third'));
  bench.run(5);
  expect(bench.standing.map(({ board, id }) => `${board}/${id}`)).toEqual(['board-1/tripped', 'board-1/duplicate-id']);
});

it('makes an id that paths and topics take of a long name and the serial number', () => {
  const bench = new Bench({ board: { descriptor: JSON.stringify({ ...sampleDescriptor, name: 'n'.repeat(32) }) } });
  bench.open();
  bench.run(5);
  expect(bench.loop.id).toBe(`${'n'.repeat(27)}-beef`);
});
