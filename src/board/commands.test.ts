import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostMessage, Message } from '../codec/message.js';
import { COMMANDS_WAITING_MAX, CommandChannel, type CommandResult } from './commands.js';

const set = { id: 1, command: 'set-point', arguments: [5] };

function channel(earliestDeviceUs: (hostUs: number) => number | null = (hostUs) => hostUs - 500) {
  const sent: Message<'command'>[] = [];
  const results: CommandResult[] = [];
  const commands = new CommandChannel(
    (message: HostMessage) => sent.push(message as Message<'command'>),
    earliestDeviceUs,
  );
  const ask = (nowUs: number, request: object = {}) =>
    commands.request({ ...set, ...request }, nowUs, (result) => results.push(result));
  const answer = (name: 'ack' | 'nack', counter: number, code: number, nowUs: number) =>
    commands.answer({ name, session: 9, counter, code }, nowUs);
  return { commands, sent, results, ask, answer };
}

describe('the command channel', () => {
  it('counts from 1 in every session and keeps one command outstanding', () => {
    const { commands, sent, results, ask, answer } = channel();
    commands.opened(9);
    ask(0);
    ask(0);
    expect(sent.map(({ counter }) => counter)).toEqual([1]);
    answer('ack', 1, 0, 10);
    expect(sent.map(({ counter }) => counter)).toEqual([1, 2]);
    commands.opened(10);
    expect(results).toEqual([{ ok: true }, expect.objectContaining({ code: 'session-lost' })]);
    ask(20);
    expect(sent.at(-1)).toMatchObject({ counter: 1, session: 10 });
  });

  it('gives an expiry in 32 bits also where the device time is below 0: a board may begin anywhere', () => {
    const { commands, sent, ask } = channel((hostUs) => hostUs - 10_000.5);
    commands.opened(9);
    ask(1000, { expiryUs: 4000 });
    expect(sent[0]?.expiryUs).toBe(2 ** 32 - 5001);
  });

  it('gives the earliest device time of its expiry, in 32 bits', () => {
    const { commands, sent, ask } = channel((hostUs) => hostUs + 2 ** 32 - 500.5);
    commands.opened(9);
    ask(1000, { expiryUs: 4000 });
    expect(sent[0]?.expiryUs).toBe(4499);
  });

  it('repeats the very same message until it is answered, then gives up after the expiry', () => {
    const { commands, sent, results, ask } = channel();
    commands.opened(9);
    ask(0, { expiryUs: 300_000 });
    for (let nowUs = 0; nowUs <= 499_000; nowUs += 1000) commands.tick(nowUs);
    expect(new Set(sent).size).toBe(1);
    expect(sent).toHaveLength(5);
    expect(results).toEqual([]);
    commands.tick(500_000);
    expect(results).toEqual([expect.objectContaining({ ok: false, code: 'no-answer' })]);
    expect(commands.dueUs).toBe(Number.POSITIVE_INFINITY);
  });

  it('ignores answers that are repeated, late or never asked for', () => {
    const { commands, results, ask, answer } = channel();
    commands.opened(9);
    answer('ack', 1, 0, 0);
    ask(0);
    answer('ack', 2, 0, 1);
    answer('ack', 1, 0, 2);
    answer('ack', 1, 0, 3);
    expect(results).toEqual([{ ok: true }]);
    expect(commands.counters.strayAnswers).toBe(3);
  });

  it('says why the board refused, and does not trust an unknown code', () => {
    const { commands, results, ask, answer } = channel();
    commands.opened(9);
    ask(0);
    answer('nack', 1, 8, 1);
    ask(2);
    answer('nack', 2, 200, 3);
    expect(results).toEqual([
      expect.objectContaining({ code: 'not-armed', detail: expect.stringContaining('arm it first') }),
      expect.objectContaining({ code: 'unsupported' }),
    ]);
  });

  it('sends nothing without a session, without a clock, or past the expiry', () => {
    const { commands, sent, results, ask } = channel((hostUs) => (hostUs < 5_000_000 ? null : hostUs));
    ask(0);
    commands.opened(9);
    ask(0);
    expect(results.map((result) => !result.ok && result.code)).toEqual(['no-session', 'clock-invalid']);
    ask(6_000_000);
    ask(6_000_000, { expiryUs: 1000 });
    commands.answer({ name: 'ack', session: 9, counter: 1, code: 0 }, 6_002_000);
    expect(sent).toHaveLength(1);
    expect(results.at(-1)).toMatchObject({ code: 'expired' });
  });

  it('bounds what waits', () => {
    const { commands, results, ask } = channel();
    commands.opened(9);
    for (let i = 0; i < COMMANDS_WAITING_MAX + 3; i++) ask(0);
    expect(results).toHaveLength(2);
    expect(results[0]).toMatchObject({ code: 'queue-full' });
  });

  it('answers every request exactly once, and a board never executes one twice, on any line', () => {
    const line = fc.array(fc.constantFrom('pass', 'lose', 'repeat'), { minLength: 0, maxLength: 100 });
    fc.assert(
      fc.property(line, fc.integer({ min: 1, max: 12 }), (fates, count) => {
        let n = 0;
        const executed: number[] = [];
        const results: number[] = [];
        const toHost: Message<'ack'>[] = [];
        let last = 0;
        const board = ({ counter, id }: Message<'command'>) => {
          if (counter > last) executed.push(id);
          last = Math.max(last, counter);
          carry(() => toHost.push({ name: 'ack', session: 9, counter, code: 0 }));
        };
        const carry = (deliver: () => void) => {
          const fate = fates[n++] ?? 'pass';
          if (fate !== 'lose') deliver();
          if (fate === 'repeat') deliver();
        };
        const commands = new CommandChannel(
          (message) => carry(() => board(message as Message<'command'>)),
          (hostUs) => hostUs,
        );
        commands.opened(9);
        for (let id = 0; id < count; id++) commands.request({ ...set, id }, 0, () => results.push(id));
        for (let nowUs = 0; nowUs < 30e6; nowUs += 10_000) {
          for (const ack of toHost.splice(0)) commands.answer(ack, nowUs);
          commands.tick(nowUs);
        }
        expect(results).toEqual(Array.from({ length: count }, (_, id) => id));
        expect(executed).toEqual([...new Set(executed)]);
      }),
    );
  });
});
