/** Flashing, with stand-ins for what is at the other end: a program named avrdude, a folder that a bootloader would show. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadBoardMap, type MappedBoard } from './board-map.js';
import { flashers } from './flashers.js';

let folder: string;
let lines: string[];
const { PATH } = process.env;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tautline-flash-'));
  lines = [];
});
afterEach(() => {
  process.env.PATH = PATH;
  rmSync(folder, { recursive: true, force: true });
});

function board(keys: string): MappedBoard {
  const file = join(folder, 'hil-boards.toml');
  writeFileSync(file, `[boards.bench]\npath = "/dev/ttyACM7"\nimage = { release = "blink.uf2" }\n${keys}\n`);
  return loadBoardMap(file, [])!.boards.get('bench')!;
}

function flash(bench: MappedBoard, port: string | null = '/dev/ttyACM7'): Promise<string | null> {
  const image = join(folder, 'blink image.uf2');
  writeFileSync(image, 'the image');
  return flashers[bench.flasher as keyof typeof flashers]({
    board: bench,
    image,
    port,
    tell: (line) => lines.push(line),
  });
}

/** A program of that name is found before any other. */
function program(name: string, script: string): void {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
  process.env.PATH = `${bin}${delimiter}${PATH}`;
}

describe('avrdude', () => {
  it('is given what an Uno needs: programmer, part, port, rate, and no erase', async () => {
    program('avrdude', `printf '%s\\n' "$@" >"${folder}/given"`);
    await flash(board('flasher = "avrdude"'));
    const given = readFileSync(join(folder, 'given'), 'utf8').trim().split('\n');
    expect(given.join(' ')).toBe(
      `-c arduino -p m328p -P /dev/ttyACM7 -b 115200 -D -U flash:w:${join(folder, 'blink image.uf2')}:i`,
    );
    expect(given).toHaveLength(11);
    await flash(board('flasher = "avrdude"\navrdude = { baud = 57_600 }'));
    expect(readFileSync(join(folder, 'given'), 'utf8')).toContain('\n57600\n');
  });

  it('that fails is told with its exit code and its last lines', async () => {
    program('avrdude', `seq 1 50; echo 'avrdude: stk500_getsync(): not in sync: resp=0x00' >&2; exit 1`);
    const failure = await flash(board('flasher = "avrdude"')).catch((error: Error) => error.message);
    expect(failure).toMatch(/^boards\.bench: avrdude: exit code 1: avrdude -c arduino /);
    expect(failure).toMatch(/not in sync: resp=0x00$/);
    expect((failure as string).split('\n').length).toBeLessThan(12);
  });

  it('that is not installed is told with the remedy', async () => {
    mkdirSync(join(folder, 'empty'));
    process.env.PATH = join(folder, 'empty');
    await expect(flash(board('flasher = "avrdude"'))).rejects.toThrow(
      /no program "avrdude" on this machine: install it/,
    );
  });

  it('that hangs is ended, and all that it has started', async () => {
    program('avrdude', `sleep 300 & echo $! >"${folder}/pid"; echo 'Reading |'; wait`);
    await expect(flash(board('flasher = "avrdude"\nflashSeconds = 3'))).rejects.toThrow(
      /it was not done after 3 s, and was ended: .*\nReading \|$/,
    );
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    await vi.waitUntil(() => !isRunning(pid), { timeout: 30_000 });
  });

  it('needs the port', async () => {
    await expect(flash(board('flasher = "avrdude"'), null)).rejects.toThrow(/no port \/dev\/ttyACM7 to write .*plug/);
  });
});

describe('a flash command', () => {
  it('gets image and port, quoted, in the folder of the map', async () => {
    await flash(board(`flasher = "command"\nflashCommand = "printf '<%s>' {image} {port} >given"`));
    expect(readFileSync(join(folder, 'given'), 'utf8')).toBe(`<${join(folder, 'blink image.uf2')}></dev/ttyACM7>`);
  });
});

describe('uf2', () => {
  const volumeOf = () => join(folder, 'RPI-RP2');
  /** A bootloader: shows its drive after a moment, and goes away when it has got an image. */
  const bootloader = `sleep 0.3; mkdir RPI-RP2; echo 'UF2 Bootloader' >RPI-RP2/INFO_UF2.TXT
while ! cmp -s "RPI-RP2/blink image.uf2" "blink image.uf2"; do sleep 0.05; done
cp "RPI-RP2/blink image.uf2" got; rm -r RPI-RP2`;
  const keys = (more = '') => `flasher = "uf2"\nvolume = "RPI-RP2"\n${more}`;

  const gotIt = () => vi.waitUntil(() => !existsSync(volumeOf()), { timeout: 30_000 });

  it('waits for the drive, says what somebody has to do, and writes the image', async () => {
    const started = spawn('sh', ['-c', bootloader], { cwd: folder });
    expect(await flash(board(keys()))).toBe(null);
    await gotIt();
    expect(readFileSync(join(folder, 'got'), 'utf8')).toBe('the image');
    expect(lines).toEqual([`board bench: hold BOOTSEL and plug it in; waiting 60 s for ${volumeOf()}`]);
    started.kill();
  });

  it('needs nobody where a command makes the drive appear', async () => {
    writeFileSync(join(folder, 'enter.sh'), `(${bootloader}) >/dev/null 2>&1 &`);
    await flash(board(keys('bootloaderCommand = "sh enter.sh"')));
    await gotIt();
    expect(readFileSync(join(folder, 'got'), 'utf8')).toBe('the image');
    expect(lines).toEqual([]);
  });

  it('that is there before anybody asked for it is taken where no other board of the map can be meant, and told', async () => {
    mkdirSync(volumeOf());
    writeFileSync(join(volumeOf(), 'INFO_UF2.TXT'), '');
    await flash(board(keys()));
    expect(readFileSync(join(volumeOf(), 'blink image.uf2'), 'utf8')).toBe('the image');
    expect(lines).toEqual([
      `board bench: a board was in its bootloader before anybody asked for it, with its drive at ${volumeOf()}: it is taken for this one`,
    ]);
  });

  /** By another path to the same folder, and with a bootloader command: whose drive it is that does not say either. */
  const other = (port: string) =>
    `[boards.other]\npath = "${port}"\nimage = { release = "a" }\n${keys(`volume = "../${basename(folder)}/RPI-RP2"`).replace('volume = "RPI-RP2"\n', '')}`;

  it('that is there before anybody asked for it is refused where another board of the map has the same drive', async () => {
    mkdirSync(volumeOf());
    writeFileSync(join(volumeOf(), 'INFO_UF2.TXT'), '');
    await expect(flash(board(`${keys('bootloaderCommand = "true"')}\n${other('/dev/ttyACM8')}`))).rejects.toThrow(
      `boards.bench: uf2: a board was in its bootloader before anybody asked for it, with its drive at ${volumeOf()}. ` +
        'boards.other has that drive, too, so it may be that one: nothing was written. Start the board, and begin again; or',
    );
    expect(existsSync(join(volumeOf(), 'blink image.uf2'))).toBe(false);
    await flash(board(`${keys()}\n${other('/dev/ttyACM7')}`)); // another entry for the same board
    expect(existsSync(join(volumeOf(), 'blink image.uf2'))).toBe(true);
  });

  it('takes no folder for a board that is none', async () => {
    mkdirSync(volumeOf());
    await expect(flash(board(keys('flashSeconds = 1')))).rejects.toThrow(
      /no board showed up as a drive at .*RPI-RP2 within 1 s \(there is no INFO_UF2\.TXT\): hold BOOTSEL/,
    );
    expect(existsSync(join(volumeOf(), 'blink image.uf2'))).toBe(false);
  });

  describe('that takes its time', () => {
    /** Opening it waits for somebody who reads, as a write waits for a drive. */
    const pipe = 'RPI-RP2/blink image.uf2';
    const showDrive = `mkdir RPI-RP2; mkfifo "${pipe}"; : >RPI-RP2/INFO_UF2.TXT`;
    const arrived = () => vi.waitUntil(() => readFileSync(join(folder, 'got'), 'utf8') === 'the image');
    it('to show its drive has as long again for the writing', async () => {
      spawn('sh', ['-c', `sleep 2; ${showDrive}; sleep 2; cat "${pipe}" >got`], { cwd: folder });
      await flash(board(keys('flashSeconds = 3')));
      await arrived();
    });

    it('and never ends to write is given up', async () => {
      spawnSync('sh', ['-c', showDrive], { cwd: folder });
      await expect(flash(board(keys('flashSeconds = 1')))).rejects.toThrow(
        /^boards\.bench: uf2: .*blink image\.uf2 was not written to .*RPI-RP2 after 1 s: /,
      );
      await once(spawn('cat', [pipe], { cwd: folder }), 'exit'); // whoever still waits is let go
    });

    it('is written to the end, past every buffer, before the board is asked', async () => {
      spawn('sh', ['-c', `${showDrive}; cat "${pipe}" >got`], { cwd: folder });
      // A pipe cannot be flushed to a disk: that it was tried shows as the doubt that is left.
      expect(await flash(board(keys()))).toMatch(/EINVAL.*fsync/);
      await arrived();
    });
  });

  it('that may not be written to says so at once', async () => {
    mkdirSync(join(volumeOf(), 'blink image.uf2'), { recursive: true });
    writeFileSync(join(volumeOf(), 'INFO_UF2.TXT'), '');
    await expect(flash(board(keys()))).rejects.toThrow(/^boards\.bench: uf2: cannot write to .*RPI-RP2: EISDIR/);
  });
});

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(join('/proc', String(pid), 'status'), 'utf8'));
  } catch {
    return false;
  }
}
