import { expect, it } from 'vitest';
import type { HostMessage } from '../codec/message.js';
import { answerCodes } from '../codec/schema.js';
import { ClockModel } from '../deadline/clock.js';
import type { CommandAnswer } from '../outlet.js';
import { BoardControl } from './control.js';

const setpoint = {
  name: 'setpoint',
  arguments: [{ name: 'speed', scale: 0.25, offset: 0, unit: 'rpm', min: 0, max: 3600 }],
  dangerous: false,
};
const kick = { name: 'kick', arguments: [], dangerous: true };

/** When the port was handed a stamped message. */
const stampUs = 1_002_345;

function board() {
  const sent: HostMessage[] = [];
  const alarms: string[] = [];
  const clock = new ClockModel();
  clock.pong(1_000_000, 400, 500, 1_000_700, 0);
  const control = new BoardControl(clock, {
    send: (message) => sent.push(message) > 0,
    sendStamped: (message) => {
      sent.push(message);
      return stampUs;
    },
    alarm: (id, active) => alarms.push(`${id} ${active}`),
    log: () => {},
  });
  control.opened(0x77, true, [setpoint, kick], 1_000_000);
  const ask = (name: string, values: number[] = [], nowUs = 1_001_000): { answer?: CommandAnswer } => {
    const result: { answer?: CommandAnswer } = {};
    control.ask({ board: 'pico', name, arguments: values, by: 'test' }, nowUs, (answer) => {
      result.answer = answer;
    });
    return result;
  };
  return { control, sent, alarms, ask };
}

it('sends a command of the descriptor with raw integers and an expiry in device time', () => {
  const { sent, ask, control } = board();
  const result = ask('setpoint', [1500]);
  const [command] = sent;
  expect(command).toMatchObject({ name: 'command', session: 0x77, counter: 1, command: 'setpoint', arguments: [6000] });
  expect((command as { expiryUs: number }).expiryUs).toBeGreaterThan(900_000);
  control.answered({ name: 'ack', session: 0x77, counter: 1, code: 0 }, 1_002_000);
  expect(result.answer).toEqual({ ok: true, detail: 'the board has done setpoint' });
});

it.each([
  ['setpoint', [], 'takes 1 arguments (speed [rpm]), not 0'],
  ['setpoint', [4000], 'speed = 4000 rpm is outside 0 to 3600 rpm'],
  ['setpoint', [Number.NaN], 'outside'],
  ['setpiont', [1], 'there are arm, disarm, rearm, safe, setpoint, kick'],
  ['kick', [], 'arm it first'],
  ['rearm', [], 'the board is disarmed'],
])('refuses %s %j and sends nothing', (name, values, detail) => {
  const { sent, ask } = board();
  const { answer } = ask(name, values);
  expect(answer).toMatchObject({ ok: false });
  expect(answer?.detail).toContain(detail);
  expect(sent).toEqual([]);
});

it('refuses to arm before the conditions hold, and names each with its value', () => {
  const { ask, sent } = board();
  const { answer } = ask('arm');
  expect(answer?.ok).toBe(false);
  expect(answer?.detail).toContain('no heartbeat has been sent');
  expect(sent).toEqual([]);
});

it('takes back an arm of which no answer came', () => {
  const { control, sent, ask } = board();
  // All conditions hold.
  control.policy.arm = () => ({ ok: true });
  const armed = ask('arm');
  for (let nowUs = 1_005_000; nowUs < 2_500_000; nowUs += 5000) control.tick(nowUs, true, 500);
  expect(armed.answer).toMatchObject({ ok: false, code: 'no-answer' });
  expect(sent.filter(({ name }) => name === 'command').at(-1)).toMatchObject({ command: 'disarm' });
  expect(control.policy.state).toBe('disarmed');
});

it('trips at once on safe, and stops the heartbeats until re-arm', () => {
  const { control, sent, alarms, ask } = board();
  control.tick(1_002_000, true, 500);
  expect(sent.some(({ name }) => name === 'heartbeat')).toBe(true);
  expect(ask('safe').answer?.ok).toBe(true);
  expect(sent.at(-1)).toMatchObject({ name: 'safe', session: 0x77 });
  expect(alarms).toContain('tripped true');
  sent.length = 0;
  for (let nowUs = 1_010_000; nowUs < 1_200_000; nowUs += 5000) control.tick(nowUs, true, 500);
  expect(sent.filter(({ name }) => name === 'heartbeat')).toEqual([]);
  const rearmed = ask('rearm', [], 1_200_000);
  control.answered({ name: 'ack', session: 0x77, counter: 1, code: 0 }, 1_201_000);
  expect(rearmed.answer?.ok).toBe(true);
  control.tick(1_230_000, true, 500);
  expect(sent.some(({ name }) => name === 'heartbeat')).toBe(true);
  expect(control.policy.state).toBe('disarmed');
});

it('lifts the latch of a board that knows of no trip only when that is disarmed: it may not have heard of it', () => {
  const { control, ask, sent } = board();
  ask('safe');
  const rearmed = ask('rearm', [], 1_200_000);
  control.answered({ name: 'nack', session: 0x77, counter: 1, code: answerCodes.notTripped }, 1_201_000);
  expect(sent.at(-1)).toMatchObject({ name: 'command', command: 'disarm' });
  expect([control.policy.state, rearmed.answer]).toEqual(['tripped', undefined]);
  control.answered({ name: 'ack', session: 0x77, counter: 2, code: 0 }, 1_202_000);
  expect(rearmed.answer).toMatchObject({ ok: true });
  expect(control.policy.state).toBe('disarmed');
});

it('takes for the sending of a ping what the output stamped, not when the tick began', () => {
  const { control } = board();
  control.tick(1_002_000, true, 500);
  expect(control.pings.answered(1)).toBe(stampUs);
});

it('withholds the heartbeat when the loop has not looked since the last one', () => {
  const { control, sent } = board();
  control.tick(1_002_000, false, 500);
  expect(sent.filter(({ name }) => name === 'heartbeat')).toEqual([]);
  expect(control.heartbeat.counters.withheld).toBe(1);
});
