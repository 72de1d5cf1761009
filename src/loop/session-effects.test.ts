import { expect, it } from 'vitest';
import { sampleDescriptor } from '../board/testing/scripted-board.js';
import { Bench } from './testing/bench.js';

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
