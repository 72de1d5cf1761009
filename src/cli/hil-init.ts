/** `tautline hil init`: a small project with tests for somebody's own board, which passes on the emulated one as it is. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitCodes, UserError } from '../exit-codes.js';

const packageJson = (tarball: string) => `{
  "name": "board-tests",
  "private": true,
  "type": "module",
  "scripts": {
    "test": "vitest run"
  },
  "devDependencies": {
    "tautline": "file:${tarball}",
    "vitest": "^4.1.0"
  }
}
`;

const vitestConfig = `import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Writes a page, JSON and JUnit XML to hil-artifacts/.
    reporters: ['default', 'tautline/hil/reporter'],
    // A serial port lives on a process's main thread, and one board is tested by one test at a time.
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
`;

const boardTest = `// HIL_TARGET=pico (the default) runs these on an emulated board, in virtual time; on yours: its port (/dev/ttyUSB0), or
// its name in hil-boards.toml.
import { describe, expect, test } from 'tautline/hil';

test('tells what it is, and streams', async ({ bridge }) => {
  await bridge.streaming();
  expect(bridge.descriptor.streams.length).toBeGreaterThan(0);
});

test('keeps its period', async ({ bridge, clock, trace }) => {
  await bridge.streaming();
  const mark = trace.mark();
  await clock.pass(2000);
  const [stream] = bridge.descriptor.streams;
  // By the board's own clock; toHaveRate holds that clock to the host's.
  expect(trace.since(mark)).toHavePeriod({ us: stream.periodUs, tolerancePpm: 200 });
});

test('loses nothing in ten seconds', async ({ bridge, clock, trace }) => {
  await bridge.streaming();
  const mark = trace.mark();
  await clock.pass(10_000);
  expect(trace.since(mark)).toHaveNoGaps();
});

describe('after a reset', () => {
  // Skipped, with the reason, on a board whose reset button cannot be pressed from here.
  test.override({ needs: ['reset'] });

  test('streams again within two seconds', async ({ bridge, link, clock, trace, health }) => {
    // What the test itself provokes; anything else that the board counts fails it.
    health.expect('resets', 'corrupt', 'receiveErrors');
    await bridge.streaming();
    const mark = trace.mark();
    await link.reset();
    await clock.pass(3000);
    expect(trace.since(mark)).toRecoverWithin(2000);
  });
});
`;

const boardMap = `# The boards on this desk: HIL_TARGET=bench-pico npm test. Every key is in docs/hil.md of tautline, "hil-boards.toml".
# Take the comment signs off the one that is yours. "npx tautline ports" lists ports and their USB ids.

# A Raspberry Pi Pico behind a USB-UART adapter (GPIO 0 and 1).
#[boards.bench-pico]
#path = "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
#flasher = "uf2"                    # hold BOOTSEL while you plug it in: only when its build differs from the image
#volume = "/media/me/RPI-RP2"
#image = { release = "node_modules/tautline/firmware/images/pico.uf2" }

# An Arduino Uno on its own USB.
#[boards.bench-uno]
#usb = "2341:0043"
#baud = 1_000_000
#reset = "dtr"
#flasher = "avrdude"
#image = { release = "node_modules/tautline/firmware/images/uno.hex", test = "node_modules/tautline/firmware/images/uno-test.hex" }

# Any other board: what can be done to it is a command.
#[boards.bench]
#path = "/dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0"
#baud = 115_200
#reset = "command"
#resetCommand = "./press-reset"
#powerOff = "uhubctl -l 1-1 -p 2 -a off"
#powerOn = "uhubctl -l 1-1 -p 2 -a on"
#flasher = "command"
#flashCommand = "openocd -f board.cfg -c 'program {image} verify reset exit'"
#image = { release = "../build/firmware.bin" }
#features = ["loopback"]            # runs tests of needs: ['feature:loopback']
`;

const workflow = `# The emulated board on every push. For a board on a runner of your own: runs-on: its label, and HIL_TARGET: its name in
# hil-boards.toml. Of two runs that want one board one waits for the other: HIL_WAIT says how long.
name: board tests
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    env:
      HIL_TARGET: pico
      HIL_REQUIRE: '1' # a board that is not there is a failure, not a skip
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 22 }
      - run: npm install
      - run: npm test
      - uses: actions/upload-artifact@v4
        if: always() # a failure's recording is what HIL_REPLAY runs again, on any machine
        with:
          name: hil-artifacts
          path: hil-artifacts/
          if-no-files-found: ignore
`;

const projectFiles = (tarball: string) => ({
  'package.json': packageJson(tarball),
  '.gitignore': 'node_modules/\nhil-artifacts/\n',
  'vitest.config.js': vitestConfig,
  'board.test.js': boardTest,
  'hil-boards.toml': boardMap,
  '.github/workflows/board-tests.yml': workflow,
});

/**
 * @param pack puts this package into the folder, and returns the name of the file
 * @throws UserError when a file is there already: nothing is overwritten
 */
export function hilInit(folder: string, pack: (folder: string) => string = packSelf): void {
  const there = Object.keys(projectFiles('')).filter((name) => existsSync(join(folder, name)));
  if (there.length > 0) {
    const names = there.join(', ');
    throw new UserError(
      `${resolve(folder)} has ${names} already; give a new folder: tautline hil init DIR`,
      exitCodes.usage,
    );
  }
  mkdirSync(folder, { recursive: true });
  const tarball = pack(folder);
  const files = projectFiles(tarball);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const all = [...Object.keys(files), tarball].join('\n');
  process.stdout.write(`${all}\nin ${resolve(folder)}. Next: npm install && npm test\n`);
}

/** The registry does not have this package: the project brings it along, also to its CI. */
function packSelf(folder: string): string {
  const self = fileURLToPath(new URL('../..', import.meta.url));
  const given = ['pack', self, '--ignore-scripts', '--silent', '--pack-destination', folder];
  const { status, stdout, stderr, error } = spawnSync('npm', given, { encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  const reason = error?.message ?? stderr.trim();
  throw new UserError(`npm cannot pack ${self} into ${resolve(folder)}: ${reason}`, exitCodes.usage);
}
