/** A board of hil-boards.toml under tests, from outside: the firmware as a process of this machine is the board. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RanTest, runTests } from '../testing/child-run.rig.js';
import { Desk, images } from '../testing/desk.rig.js';
import { lockBoard } from './board-lock.js';
import { loadBoardMap } from './board-map.js';
import { buildOfImage } from './image-build.js';

const RUN_MS = 240_000;
const builds = { release: buildOfImage(images.release), test: buildOfImage(images.test) };

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
});
afterEach(() => desk.close());

/** Runs the tests of `mapped.rig.ts` on the desk. */
const run = (environment: Record<string, string> = {}) =>
  runTests({
    file: 'mapped.rig.ts',
    folder: desk.folder,
    environment: {
      HIL_TARGET: 'desk',
      HIL_BOARDS: desk.map,
      DESK_RELEASE: builds.release,
      DESK_TEST: builds.test,
      ...environment,
    },
  });

const statuses = (tests: readonly RanTest[]) => Object.fromEntries(tests.map(({ title, status }) => [title, status]));
const flashed = () =>
  existsSync(join(desk.folder, 'flashed')) ? readFileSync(join(desk.folder, 'flashed'), 'utf8') : '';

const commands = 'resetCommand = "sh desk.sh reset"\nflashCommand = "sh desk.sh flash {image}"';
const all = `reset = "command"
flasher = "command"
${commands}
powerOff = "sh desk.sh off"
powerOn = "sh desk.sh on"
features = ["loopback"]
image = { release = "${images.release}", test = "${images.test}" }`;

describe('a board of the map', () => {
  it(
    'is flashed only when it runs another build, reset, switched, and skipped where its entry says nothing',
    () => {
      desk.run('flash', images.test);
      desk.describe(all);
      const { tests, stderr } = run();
      expect(stderr).toContain(`runs build ${builds.test}, and ${images.release} is build ${builds.release}: flashing`);
      expect(statuses(tests)).toEqual({
        'runs the release image': 'passed',
        'that is pressed makes another boot': 'passed',
        'that is pressed behind a line of ours makes another boot': 'passed',
        'that goes and comes makes another boot': 'passed',
        'is there for a test of it': 'passed',
        'is not on this desk': 'skipped',
        'can be needed': 'passed',
        'is told': 'skipped',
      });
      const reasons = tests.filter(({ status }) => status === 'skipped').map(({ meta }) => meta.hil.reason);
      expect(reasons).toEqual([
        expect.stringMatching(/boards\.desk in .*hil-boards\.toml gives no image\.wrap/),
        expect.stringMatching(/needs "feature:oven" .*hil-boards\.toml.*, which desk has not/),
      ]);
      expect(tests[0]!.meta.hil.again).toMatch(/^HIL_BOARDS=\S+hil-boards\.toml HIL_TARGET=desk /);
      // By this test itself, for the release tests, for the test of the other image, and back for what came after it.
      const paths = [images.test, images.release, images.test, images.release];
      expect(flashed().trim().split('\n')).toEqual(paths);
    },
    RUN_MS,
  );

  it(
    'that does not run the image after flashing is one set-up error with both hashes, and broken for the rest',
    () => {
      desk.run('flash', images.test);
      desk.describe(`reset = "command"
resetCommand = "sh desk.sh reset"
flasher = "command"
flashCommand = "echo {image}"
image = { release = "${images.release}" }`);
      const [first, ...others] = run().tests;
      expect(first!.meta.hil.verdict).toBe('set-up error');
      expect(first!.meta.hil.reason).toMatch(
        new RegExp(`command ended well, but .*build hash ${builds.release}, the board tells ${builds.test}`),
      );
      const reasons = others.map(({ meta }) => meta.hil.reason);
      expect(reasons).toContainEqual(expect.stringMatching(/the board is broken: .*build hash/));
      expect(others.every(({ status }) => status === 'skipped')).toBe(true);
    },
    RUN_MS,
  );

  it(
    'says that its port has no DTR, and runs without a flasher what it has',
    () => {
      desk.run('flash', images.release);
      desk.describe('reset = "dtr"');
      const { tests } = run();
      const byTitle = new Map(tests.map((each) => [each.title, each]));
      expect(byTitle.get('runs the release image')!.status).toBe('passed');
      const pressed = byTitle.get('that is pressed makes another boot')!;
      // On a busy machine no failure is a verdict: then it has the same reason.
      expect(['fail', 'inconclusive']).toContain(pressed.meta.hil.verdict);
      expect(pressed.meta.hil.reason).toMatch(
        /boards\.desk\.reset = "dtr": .*Inappropriate ioctl.*Take reset = "command" or "none" in .*hil-boards\.toml/,
      );
      const wants = byTitle.get('is there for a test of it')!;
      expect(wants.meta.hil.reason).toMatch(/needs "testFirmware"/);
      expect(flashed().trim()).toBe(images.release);
    },
    RUN_MS,
  );

  it(
    'that another run has is a set-up error that names that run; with the right build it is not flashed',
    async () => {
      desk.run('flash', images.release);
      const keys = `flasher = "command"\nflashCommand = "sh desk.sh flash {image}"\nimage = { release = "${images.release}" }`;
      const board = loadBoardMap(desk.describe(keys), [])!.boards.get('desk')!;
      const lock = await lockBoard(board, { waitMs: 0, tell: () => {} });
      const [first] = run({ HIL_WAIT: '0' }).tests;
      await lock.release();
      expect(first!.meta.hil).toMatchObject({
        verdict: 'set-up error',
        reason: expect.stringContaining(`is in use by process ${process.pid} (HIL tests of desk in ${process.cwd()})`),
      });
      expect(run().tests[0]!.status).toBe('passed');
      expect(flashed().trim()).toBe(images.release); // by this test itself
    },
    RUN_MS,
  );

  it(
    'that is not plugged in is skipped with the remedy, and is an error where it must be there',
    () => {
      desk.describe('');
      const [skipped] = run().tests;
      expect(skipped).toMatchObject({ status: 'skipped' });
      expect(skipped!.meta.hil.reason).toMatch(/board desk is not there: there is no port .*plug it in, or correct/);
      const [required] = run({ HIL_REQUIRE: '1' }).tests;
      expect(required!.meta.hil).toMatchObject({ verdict: 'set-up error' });
    },
    RUN_MS,
  );
});
