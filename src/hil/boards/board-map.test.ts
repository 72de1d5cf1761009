import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { hilInit } from '../../cli/hil-init.js';
import { loadTarget } from '../targets.js';
import { loadBoardMap } from './board-map.js';
import { boardMapTables } from './board-map-doc.js';

const folder = mkdtempSync(join(tmpdir(), 'tautline-map-'));
const path = join(folder, 'hil-boards.toml');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function load(text: string) {
  writeFileSync(path, text);
  return loadBoardMap(path, ['pico']);
}

describe('hil-boards.toml', () => {
  it('names boards, with defaults for what it leaves out', () => {
    const map = load(
      '[boards.bench]\nusb = "0403:6001:A50285BI"\n[boards.other]\npath = "/dev/ttyACM0"\nbaud = 1_000_000',
    );
    expect([...map!.boards.keys()]).toEqual(['bench', 'other']);
    expect(map!.boards.get('bench')).toMatchObject({
      name: 'bench',
      folder,
      usb: '0403:6001:A50285BI',
      baud: 921_600,
      reset: 'none',
      flasher: 'none',
      features: [],
      timing: true,
      image: {},
      avrdude: { programmer: 'arduino', part: 'm328p', baud: 115_200 },
    });
  });

  const bench = '[boards.bench]\npath = "/dev/ttyACM0"\n';
  it.each([
    ['a key that there is not', `${bench}resett = "dtr"`, 'boards.bench.resett: no such setting; did you mean reset?'],
    [
      'a key of a table that there is not',
      `${bench}image = { realease = "x" }`,
      'boards.bench.image.realease: no such setting; did you mean release?',
    ],
    [
      'a value that is no choice',
      `${bench}reset = "button"`,
      'boards.bench.reset = "button": must be one of "none", "dtr", "command"',
    ],
    ['a wrong type', `${bench}baud = "fast"`, 'boards.bench.baud = "fast": must be integer'],
    ['a USB id that is none', '[boards.bench]\nusb = "arduino"', 'boards.bench.usb = "arduino": must match pattern'],
    ['no port', '[boards.bench]\nbaud = 9600', 'boards.bench.path: is missing: name its port'],
    ['two ports', `${bench}usb = "2341:0043"`, 'boards.bench.usb: the port is named by path already'],
    [
      'a reset without its command',
      `${bench}reset = "command"`,
      'boards.bench.resetCommand: belongs to reset = "command"',
    ],
    ['a command without its reset', `${bench}resetCommand = "x"`, 'and reset is "none": set both, or neither'],
    ['half of a power switch', `${bench}powerOff = "x"`, 'boards.bench.powerOn: is missing: power needs both commands'],
    ['a flasher without an image', `${bench}flasher = "avrdude"`, 'boards.bench.image.release: is missing'],
    ['uf2 without a volume', `${bench}flasher = "uf2"`, 'boards.bench.volume: belongs to flasher = "uf2"'],
    [
      'a flash command that writes nothing',
      `${bench}flasher = "command"\nflashCommand = "make flash"\nimage = { release = "a.bin" }`,
      'boards.bench.flashCommand: says nowhere what to write: put {image}',
    ],
    ['a name of the kit', '[boards.pico]\npath = "/dev/ttyACM0"', 'boards.pico: pico is a target of the kit itself'],
    ['a name that is none', '[boards.Bench]\npath = "x"', 'boards.Bench: a name is a small letter'],
    ['another table', '[board.bench]\npath = "x"', 'board: no such table; a board is written as [boards.<name>]'],
    ['a board that is no table', 'boards.bench = 1', 'boards.bench: expected a table: write [boards.bench]'],
    ['what is no TOML', '[boards.bench', 'Invalid TOML document'],
  ])('refuses %s, with the place and the remedy', (_, text, reason) => {
    expect(() => load(text)).toThrow(reason);
    expect(() => load(text)).toThrow(path);
  });

  it('must be there when it is named, and need not be otherwise', () => {
    expect(() => loadBoardMap(join(folder, 'none.toml'), [])).toThrow(
      /none\.toml \(HIL_BOARDS\): there is no such file/,
    );
    expect(loadBoardMap(undefined, [])).toBe(null);
  });

  it('is what "tautline hil init" writes: empty as it comes, and three boards without the comment signs', () => {
    const project = join(folder, 'project');
    hilInit(project, () => 'tautline-1.0.0.tgz');
    const text = readFileSync(join(project, 'hil-boards.toml'), 'utf8');
    expect(load(text)!.boards.size).toBe(0);
    const boards = load(text.replaceAll(/^#(?=\S)/gm, ''))!.boards;
    expect([...boards.keys()]).toEqual(['bench-pico', 'bench-uno', 'bench']);
  });

  const page = readFileSync(new URL('../../../docs/hil.md', import.meta.url), 'utf8');
  it.each(Object.entries(boardMapTables()))(
    'has the table of %s in docs/hil.md as the schema declares it',
    (_, table) => {
      expect(page).toContain(table);
    },
  );
});

describe('HIL_TARGET', () => {
  const before = process.env.HIL_BOARDS;
  afterEach(() => {
    if (before === undefined) delete process.env.HIL_BOARDS;
    else process.env.HIL_BOARDS = before;
  });

  it('that names nothing is told what there is, boards of the map with the rest', async () => {
    load('[boards.bench]\npath = "/dev/ttyACM0"');
    process.env.HIL_BOARDS = path;
    await expect(loadTarget('bensch')).rejects.toThrow(
      /no such target; there are pico, uno, .*\/dev\/ttyACM0; .*hil-boards\.toml has bench$/,
    );
    delete process.env.HIL_BOARDS;
    await expect(loadTarget('bench')).rejects.toThrow(/there is no hil-boards\.toml here/);
  });

  it('takes a board of the map with what its entry gives it', async () => {
    load(`[boards.bench]
path = "${path}"
reset = "dtr"
powerOff = "a"
powerOn = "b"
flasher = "avrdude"
features = ["oven"]
image = { release = "a.hex", test = "b.hex" }`);
    process.env.HIL_BOARDS = path;
    const bench = await loadTarget('bench');
    expect(bench).toMatchObject({ name: 'bench', isRealTime: true });
    expect([...bench.capabilities].sort()).toEqual(
      ['faults', 'feature:oven', 'outlets', 'power', 'reset', 'testFirmware', 'timing', 'unplug'].sort(),
    );
    expect(bench.lacks!('test')).toBe(null);
    expect(bench.lacks!('wrap')).toMatch(/gives no image\.wrap/);
  });
});
