/** Reads `hil-boards.toml`: the boards on this desk, by name. Unknown keys are errors, as in `tautline.toml`. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'smol-toml';
import { ConfigError, suggestion } from '../../config-load.js';
import { Value } from '../../typebox.js';
import { MappedBoardSchema, type MappedBoardSettings } from './board-map-schema.js';
import { driveOf } from './uf2-drive.js';

const MAP_FILE = 'hil-boards.toml';
const BOARD_NAME = /^[a-z][a-z0-9_-]{0,31}$/;

export interface MappedBoard extends MappedBoardSettings {
  /** As in `HIL_TARGET`. */
  readonly name: string;
  /** Of the map: its commands run there, and its relative paths begin there. */
  readonly folder: string;
  /** The map, for messages. */
  readonly file: string;
  /** Other boards of the map whose bootloaders show their drive in the same place. */
  readonly sharesDriveWith: readonly string[];
}

export interface BoardMap {
  readonly file: string;
  readonly boards: ReadonlyMap<string, MappedBoard>;
}

/**
 * @param file undefined: `hil-boards.toml`, if there is one
 * @param reserved names that mean something else
 * @returns null when there is none
 * @throws ConfigError that names the key, its value, and what would be right
 */
export function loadBoardMap(file: string | undefined, reserved: readonly string[]): BoardMap | null {
  if (file === undefined && !existsSync(MAP_FILE)) return null;
  const path = file ?? MAP_FILE;
  const { boards = {}, ...others } = read(path) as { boards?: unknown };
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw new ConfigError(`${path}: ${unknown}: no such table; a board is written as [boards.<name>]`);
  if (!isTable(boards)) throw new ConfigError(`${path}: boards: a board has a name: write [boards.<name>]`);
  const folder = dirname(resolve(path));
  const all = Object.entries(boards).map(([name, settings]): Omit<MappedBoard, 'sharesDriveWith'> => {
    const at = `${path}: boards.${name}`;
    if (!BOARD_NAME.test(name)) throw new ConfigError(`${at}: a name is a small letter, then up to 31 of a-z 0-9 _ -`);
    if (reserved.includes(name))
      throw new ConfigError(`${at}: ${name} is a target of the kit itself: take another name`);
    return { ...check(settings, at), name, folder, file: path };
  });
  const withDrive = all.map((board) => ({ ...board, sharesDriveWith: sharesDrive(board, all) }));
  return { file: path, boards: new Map(withDrive.map((board) => [board.name, board])) };
}

/** An entry with the same port is the same board. */
function sharesDrive(board: DriveUser, all: readonly DriveUser[]): string[] {
  const drive = driveOf(board);
  const others = all.filter(({ path, usb }) => path !== board.path || usb !== board.usb);
  return drive === null ? [] : others.filter((other) => driveOf(other) === drive).map(({ name }) => name);
}

type DriveUser = Pick<MappedBoard, 'name' | 'path' | 'usb' | 'volume' | 'folder'>;

function read(path: string): object {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isAbsent = code === 'ENOENT';
    const reason = isAbsent ? 'there is no such file; "tautline hil init" writes one to begin with' : message;
    throw new ConfigError(`cannot read the hardware map ${path} (HIL_BOARDS): ${reason}`);
  }
  try {
    return parse(text);
  } catch (error) {
    throw new ConfigError(`${path}: ${(error as Error).message.trimEnd()}`);
  }
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function check(settings: unknown, at: string): MappedBoardSettings {
  if (!isTable(settings))
    throw new ConfigError(`${at}: expected a table: write [${at.slice(at.lastIndexOf(' ') + 1)}]`);
  const filled = Value.Default(MappedBoardSchema, structuredClone(settings));
  const errors = [...Value.Errors(MappedBoardSchema, filled)];
  // As in the settings of the bridge: an unknown key is best told by its parent.
  const error = errors.find(({ keyword }) => keyword === 'additionalProperties') ?? errors[0];
  if (error !== undefined) throw new ConfigError(explain(error, filled, at));
  const board = filled as MappedBoardSettings;
  for (const [key, what] of contradictions(board)) throw new ConfigError(`${at}.${key}: ${what}`);
  return board;
}

interface SchemaError {
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
}

function explain({ instancePath, params, message }: SchemaError, filled: unknown, at: string): string {
  const place = `${at}${instancePath.replaceAll('/', '.')}`;
  const unknown = (params as { additionalProperties?: string[] }).additionalProperties?.[0];
  if (unknown !== undefined)
    return `${place}.${unknown}: no such setting${suggestion(unknown, keysAt(instancePath.split('/')[1]))}`;
  const value = JSON.stringify(Value.Pointer.Get(filled as object, instancePath));
  const choices = choicesAt(instancePath.split('/')[1]);
  return `${place} = ${value}: ${choices.length > 0 ? `must be one of ${choices.join(', ')}` : message}`;
}

interface Declared {
  readonly properties?: Readonly<Record<string, Declared>>;
  readonly anyOf?: readonly { readonly const?: unknown }[];
}

const declared = (MappedBoardSchema as Declared).properties ?? {};
const keysAt = (table: string | undefined): string[] =>
  Object.keys((table === undefined ? undefined : declared[table]?.properties) ?? declared);
const choicesAt = (key: string | undefined): string[] =>
  (key === undefined ? undefined : declared[key]?.anyOf)?.map((each) => JSON.stringify(each.const)) ?? [];

/** What each key says by itself is right, and together it makes no board. By key, with the remedy. */
function* contradictions(board: MappedBoardSettings): Iterable<[key: string, what: string]> {
  const { path, usb, reset, resetCommand, powerOff, powerOn, flasher, flashCommand, volume, image } = board;
  if (path === undefined && usb === undefined)
    yield ['path', 'is missing: name its port by path or by usb ("tautline ports" lists them)'];
  if (path !== undefined && usb !== undefined) yield ['usb', 'the port is named by path already: keep one of the two'];
  if ((reset === 'command') !== (resetCommand !== undefined))
    yield ['resetCommand', `belongs to reset = "command", and reset is "${reset}": set both, or neither`];
  if ((powerOff === undefined) !== (powerOn === undefined))
    yield [powerOff === undefined ? 'powerOff' : 'powerOn', 'is missing: power needs both commands'];
  if ((flasher === 'command') !== (flashCommand !== undefined))
    yield ['flashCommand', `belongs to flasher = "command", and flasher is "${flasher}": set both, or neither`];
  if ((flasher === 'uf2') !== (volume !== undefined))
    yield ['volume', `belongs to flasher = "uf2", and flasher is "${flasher}": set both, or neither`];
  if (board.bootloaderCommand !== undefined && flasher !== 'uf2')
    yield ['bootloaderCommand', `belongs to flasher = "uf2", and flasher is "${flasher}"`];
  if (flashCommand !== undefined && !flashCommand.includes('{image}'))
    yield ['flashCommand', 'says nowhere what to write: put {image} where its path goes'];
  if (flasher !== 'none' && image.release === undefined)
    yield ['image.release', `is missing: flasher = "${flasher}" needs the image that the board is to run`];
}
