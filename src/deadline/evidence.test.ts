import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { Evidence } from './evidence.js';
import { looks } from './samples.js';

let evidence: Evidence | undefined;
afterEach(() => evidence?.dispose());

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 20_000, interval: 5 });
const nowUs = () => performance.now() * 1e3;

function burnUs(us: number) {
  const endUs = nowUs() + us;
  while (nowUs() < endUs);
}

it('looks at an overdue port, proves that it is empty, and goes on until something is read', async () => {
  const empty: number[] = [];
  let looked = 0;
  const drain = () => {
    looked++;
    return 0;
  };
  evidence = new Evidence({ nowUs, drain, onEmpty: (us) => empty.push(us), periodUs: 1000 });
  evidence.start();
  await until(() => empty.length >= 5);
  expect(looked).toBe(empty.length);
  expect(evidence.samples.count).toBe(empty.length);
  expect(evidence.samples.look(0)).toBe(looks.empty);
  expect(evidence.samples.atUs(4)).toBe(empty[4]);
});

it('proves nothing on a port that it cannot look at, and has silence judged only after some turns of the loop', async () => {
  let looked = 0;
  const lookedAtJudgement: number[] = [];
  const drain = () => {
    looked++;
    return -1;
  };
  evidence = new Evidence({ nowUs, drain, onEmpty: () => lookedAtJudgement.push(looked), periodUs: 1000 });
  evidence.start();
  await until(() => lookedAtJudgement.length >= 3);
  expect(lookedAtJudgement[0]).toBe(5);
  expect(evidence.samples.count).toBe(0);
});

it('looks less often at a port that stays empty, and as often as before when it is read again', async () => {
  let looks = 0;
  const timers = vi.spyOn(globalThis, 'setTimeout');
  evidence = new Evidence({
    nowUs,
    drain: () => {
      looks++;
      return 0;
    },
    onEmpty: () => {},
    periodUs: 1000,
  });
  evidence.start();
  await until(() => looks >= 1002);
  expect(timers.mock.calls.at(-1)?.[1]).toBe(20);
  evidence.arrived();
  evidence.read({ arrivalUs: nowUs() });
  const before = looks;
  await until(() => looks > before);
  expect(timers.mock.calls.filter(([, ms]) => ms === 1).length).toBeGreaterThanOrEqual(1000);
  timers.mockRestore();
});

it('takes no sample of its own when a look finds bytes, and is due again a period later', async () => {
  let reads = 0;
  const drain = () => {
    reads++;
    evidence!.arrived();
    evidence!.read({ arrivalUs: nowUs() });
    return 36;
  };
  const onEmpty = vi.fn();
  evidence = new Evidence({ nowUs, drain, onEmpty, periodUs: 1000 });
  evidence.start();
  await until(() => reads >= 5);
  expect(onEmpty).not.toHaveBeenCalled();
  expect(evidence.samples.count).toBe(reads);
  expect(evidence.samples.look(0)).toBe(looks.read);
});

it.runIf(process.platform === 'linux')('accounts for time on the CPU, asleep and stopped', async () => {
  evidence = new Evidence({ nowUs, drain: () => 0, onEmpty: () => {}, periodUs: 1e6 });
  const { samples } = evidence;
  expect(samples.measured).toBe(true);
  evidence.arrived();
  evidence.read({ arrivalUs: nowUs() });
  burnUs(30_000);
  evidence.arrived();
  evidence.read({ arrivalUs: nowUs() });
  await new Promise((resolve) => setTimeout(resolve, 30));
  evidence.arrived();
  evidence.read({ arrivalUs: nowUs() });
  // On a busy machine part of the time goes to waiting for a CPU, so the shares are bounds, not equalities.
  expect(samples.asleepUs(1)).toBeLessThan(samples.wallUs(1) / 2);
  expect(samples.asleepUs(2) + samples.starvedUs(2)).toBeGreaterThan(samples.wallUs(2) / 2);
});

it('degrades without schedstat and says so', () => {
  evidence = new Evidence({ nowUs, drain: () => 0, onEmpty: () => {}, periodUs: 1000, schedstatPath: '/nonexistent' });
  evidence.arrived();
  evidence.read({ arrivalUs: nowUs() });
  evidence.arrived();
  evidence.read({ arrivalUs: nowUs() });
  expect(evidence.samples.measured).toBe(false);
  expect(evidence.samples.starvedUs(1)).toBe(0);
});

it.each([
  ['the kernel does not count', '0 0 0\n'],
  ['the file is masked', ''],
  ['it is something else', 'nr_switches 12 7'],
])('does not take for measured what is not: %s', (_why, text) => {
  const folder = mkdtempSync(join(tmpdir(), 'tautline-schedstat-'));
  const schedstatPath = join(folder, 'schedstat');
  writeFileSync(schedstatPath, text);
  evidence = new Evidence({ nowUs, drain: () => 0, onEmpty: () => {}, periodUs: 1000, schedstatPath });
  rmSync(folder, { recursive: true });
  expect(evidence.samples.measured).toBe(false);
  evidence.read({ arrivalUs: nowUs() });
});

it('stops looking when closed, and begins again', async () => {
  const onEmpty = vi.fn();
  evidence = new Evidence({ nowUs, drain: () => 0, onEmpty, periodUs: 1000 });
  evidence.start();
  await until(() => onEmpty.mock.calls.length > 0);
  evidence.close();
  const seen = onEmpty.mock.calls.length;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(onEmpty.mock.calls.length).toBe(seen);
  evidence.start();
  await until(() => onEmpty.mock.calls.length > seen);
});
