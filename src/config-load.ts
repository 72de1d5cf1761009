/** Settings from `tautline.toml` < environment < `--set key=value`, checked against the one schema. Unknown keys are errors. */
import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { reservedNames } from './codec/descriptor-parser.js';
import { BoardSchema, type Config, ConfigSchema, ContractSchema } from './config.js';
import { exitCodes, UserError } from './exit-codes.js';
import { Value } from './typebox.js';

const CONFIG_FILE = 'tautline.toml';
const ENV_PREFIX = 'TAUTLINE_';
const CONTRACTS_ELSEWHERE =
  'contracts are not set from the environment; use [boards.contract.<stream>] in the file, or --set board.contract.<stream>.<key>=<value>';

/** A setting is wrong; the message names it, its value, and what would be right. */
export class ConfigError extends UserError {
  constructor(message: string) {
    super(message, exitCodes.usage);
  }
}

export interface ConfigSources {
  /** Undefined: `tautline.toml` if there is one. A file that is named must exist. */
  readonly file?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `key=value` from the command line. */
  readonly set: readonly string[];
}

export interface LoadedConfig {
  readonly config: Config;
  /** Keys that somebody set, so that a busy default port can move and a chosen one cannot. */
  readonly explicit: readonly string[];
}

/** Settings that no message repeats. */
const secrets: readonly string[] = ['http.token', 'mqtt.password'];

type Schema = { type?: string; properties?: Record<string, Schema>; anyOf?: { const?: unknown }[]; items?: Schema };
type Tree = Record<string, unknown>;
/** Where each key was set, in the user's words. */
type Origins = Map<string, string>;

const root = ConfigSchema as Schema;
const sections = Object.entries(root.properties ?? {}).filter(([, schema]) => schema.type === 'object');
const boardKeys = Object.keys((BoardSchema as Schema).properties ?? {}).filter((key) => key !== 'contract');

/** Every key that can be set from the environment or the command line. `board.*` is the first board. */
export const settingKeys: readonly string[] = [
  ...sections.flatMap(([section, schema]) => Object.keys(schema.properties ?? {}).map((key) => `${section}.${key}`)),
  ...boardKeys.map((key) => `board.${key}`),
];

/** Keys of `[boards.contract.<stream>]`. */
const contractKeys: readonly string[] = Object.keys((ContractSchema as Schema).properties ?? {});

/** What `--set` takes besides: a contract, by the name of its stream. */
const CONTRACT_KEY = /^board\.contract\.(.+)\.([^.]+)$/;

/** `http.port` -> `TAUTLINE_HTTP_PORT`, `mqtt.stateHz` -> `TAUTLINE_MQTT_STATE_HZ`. */
export function environmentName(key: string): string {
  return (
    ENV_PREFIX +
    key
      .replace(/([a-z])([A-Z])/g, '$1_$2')
      .replace('.', '_')
      .toUpperCase()
  );
}

export function loadConfig(sources: ConfigSources): LoadedConfig {
  const tree = readFile(sources.file);
  const file = sources.file ?? CONFIG_FILE;
  refuseShapes(tree, file);
  const explicit: Origins = new Map(explicitKeys(tree).map((key) => [key, file]));
  for (const [key, value] of fromEnvironment(sources.environment))
    apply(tree, key, value, environmentName(key), explicit);
  for (const pair of sources.set) {
    const at = pair.indexOf('=');
    if (at < 1) throw new ConfigError(`--set ${pair}: expected key=value, such as --set http.port=8081`);
    apply(tree, pair.slice(0, at), pair.slice(at + 1), `--set ${pair.slice(0, at)}`, explicit);
  }
  return { config: check(tree, (key) => explicit.get(key) ?? file), explicit: [...explicit.keys()] };
}

function readFile(file: string | undefined): Tree {
  let text: string;
  try {
    text = readFileSync(file ?? CONFIG_FILE, 'utf8');
  } catch (error) {
    if (file === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file; give the path of the settings with --config' : message;
    throw new ConfigError(`cannot read ${file ?? CONFIG_FILE}: ${reason}`);
  }
  try {
    const { board, ...tree } = parse(text) as Tree & { board?: Tree };
    if (board === undefined) return tree;
    if (tree.boards !== undefined) throw new Error('has both [board] and [[boards]]; keep one');
    return { ...tree, boards: [board] };
  } catch (error) {
    // It shows the lines around.
    const text = (error as Error).message.trimEnd().replaceAll(/((?:token|password)["']?\s*=).*/g, '$1 …');
    throw new ConfigError(`${file ?? CONFIG_FILE}: ${text}`);
  }
}

const isTable = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** A value where a table belongs: single settings could not be put into it. What is in the tables is checked at the end. */
function refuseShapes(tree: Tree, file: string): void {
  const wrong = (key: string, value: unknown, instead: string) =>
    new ConfigError(`${file}: ${key} = ${JSON.stringify(value)}: ${instead}`);
  for (const [section] of sections) {
    const value = tree[section] ?? {};
    if (!isTable(value)) throw wrong(section, value, `it is a section; write [${section}] and its settings below`);
  }
  const { boards = [] } = tree;
  const tables = 'write [[boards]] and the settings of a board below';
  if (!Array.isArray(boards)) throw wrong('boards', boards, tables);
  for (const [index, board] of boards.entries()) {
    const at = (key: string) => placed(`boards.${index}${key}`, tree);
    if (!isTable(board)) throw wrong(at(''), board, tables);
    const { contract = {} } = board;
    if (!isTable(contract))
      throw wrong(at('.contract'), contract, 'write [boards.contract.<stream>] and its terms below');
    for (const [stream, terms] of Object.entries(contract)) {
      if (isTable(terms)) continue;
      throw wrong(at(`.contract.${stream}`), terms, `write [boards.contract.${stream}] and its terms below`);
    }
  }
}

function explicitKeys(tree: Tree): string[] {
  return Object.entries(tree).flatMap(([section, value]) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.keys(value).map((key) => `${section}.${key}`)
      : [section],
  );
}

function* fromEnvironment(environment: ConfigSources['environment']): Iterable<[string, string]> {
  const keyOf = new Map(settingKeys.map((key) => [environmentName(key), key]));
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(ENV_PREFIX) || value === undefined) continue;
    const key = keyOf.get(name);
    if (key === undefined && name.startsWith(environmentName('board.contract')))
      throw new ConfigError(`environment variable ${name}: ${CONTRACTS_ELSEWHERE}`);
    if (key === undefined)
      throw new ConfigError(`environment variable ${name} is no setting${suggestion(name, [...keyOf.keys()])}`);
    yield [key, value];
  }
}

function apply(tree: Tree, key: string, value: string, where: string, explicit: Origins): void {
  const [, stream, term] = CONTRACT_KEY.exec(key) ?? [];
  if (stream !== undefined && term !== undefined) {
    applyContract(tree, stream, term, value, where);
    explicit.set(key, where);
    return;
  }
  const [section = '', name = ''] = key.split('.');
  if (!settingKeys.includes(key)) throw new ConfigError(`${where}: no such setting${suggestion(key, settingKeys)}`);
  explicit.set(key, where);
  if (section === 'board') {
    firstBoard(tree)[name] = typed(value, (BoardSchema as Schema).properties?.[name], where);
    return;
  }
  const schema = root.properties?.[section]?.properties?.[name];
  tree[section] ??= {};
  (tree[section] as Tree)[name] = typed(value, schema, where);
}

function applyContract(tree: Tree, stream: string, term: string, value: string, where: string): void {
  if (!contractKeys.includes(term)) throw new ConfigError(`${where}: no such setting${suggestion(term, contractKeys)}`);
  if (stream in Object.prototype) throw new ConfigError(`${where}: no such stream`);
  const board = firstBoard(tree);
  board.contract ??= {};
  const contracts = board.contract as Record<string, Tree>;
  contracts[stream] ??= {};
  contracts[stream][term] = typed(value, (ContractSchema as Schema).properties?.[term], where);
}

function firstBoard(tree: Tree): Tree {
  tree.boards ??= [{}];
  const boards = tree.boards as Tree[];
  boards[0] ??= {};
  return boards[0];
}

function typed(value: string, schema: Schema | undefined, where: string): unknown {
  switch (schema?.type) {
    case 'integer':
    case 'number': {
      const number = Number(value);
      if (value.trim() === '' || Number.isNaN(number)) throw new ConfigError(`${where}: "${value}" is not a number`);
      return number;
    }
    case 'boolean':
      if (value === 'true' || value === 'false') return value === 'true';
      throw new ConfigError(`${where}: "${value}" is neither true nor false`);
    case 'array':
      return value.split(',').filter((item) => item !== '');
    default:
      return value;
  }
}

function check(tree: Tree, originOf: (key: string) => string): Config {
  const filled = Value.Default(ConfigSchema, structuredClone(tree)) as Tree;
  const errors = [...Value.Errors(ConfigSchema, filled)];
  // An unknown key is reported twice: once by its parent, which names it, and once by itself ("schema is false").
  const error = errors.find((each) => each.keyword === 'additionalProperties') ?? errors[0];
  if (error !== undefined) throw new ConfigError(explain(error, filled, originOf));
  const config = filled as unknown as Config;
  const ids = config.boards.map((board) => board.id).filter((id) => id !== undefined);
  const reserved = ids.find((id) => reservedNames.includes(id));
  if (reserved !== undefined)
    throw new ConfigError(`boards: the id "${reserved}" is none for a board: it means something in topics`);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new ConfigError(`boards: two boards have the id "${twice}"; give each its own`);
  refuseSharedPath(config.boards);
  return config;
}

/** Of emulated boards each is one of its own. */
function refuseSharedPath(boards: Config['boards']): void {
  for (const [index, { path }] of boards.entries()) {
    const first = boards.findIndex((board) => board.path === path);
    if (first === index || path.startsWith('emulated:')) continue;
    const [one, other] = [first, index].map((at) => nameOf(boards[at]?.id, at));
    throw new ConfigError(`boards ${one} and ${other} have the same path ${path}; give each its own`);
  }
}

const nameOf = (id: unknown, index: number): string => (typeof id === 'string' ? `"${id}"` : `number ${index + 1}`);

interface SchemaError {
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
}

function explain(error: SchemaError, tree: Tree, originOf: (key: string) => string): string {
  const at = error.instancePath.slice(1).replaceAll('/', '.');
  const params: { readonly additionalProperties?: string[]; readonly requiredProperties?: string[] } = error.params;
  const unknown = params.additionalProperties?.[0];
  if (unknown !== undefined) {
    const key = at === '' ? unknown : `${at}.${unknown}`;
    return `${originOf(settable(key))}: ${placed(key, tree)}: no such setting${suggestion(key, settingsBeside(key))}`;
  }
  if (params.requiredProperties?.includes('path'))
    return `${placed(at, tree)} has no path: name its port, such as path = "/dev/ttyACM0" or path = "emulated:pico"`;
  const value = secrets.includes(at) ? '' : ` = ${JSON.stringify(Value.Pointer.Get(tree, error.instancePath))}`;
  return `${originOf(settable(at))}: ${placed(at, tree) || 'configuration'}${value}: ${error.message}`;
}

/** As it is written with `--set`. */
const settable = (at: string): string => at.replace(/^boards\.0\./, 'board.');

/** Where a setting is, as people count: a board by its id, or by its number in the file. */
function placed(at: string, tree: Tree): string {
  const [, index, name = ''] = /^boards\.(\d+)\.?(.*)$/.exec(at) ?? [];
  if (index === undefined) return at;
  const { id } = (tree.boards as Tree[])[Number(index)]!;
  const who = nameOf(name === 'id' ? undefined : id, Number(index));
  return `[[boards]] ${who}${name && `: ${name}`}`;
}

/** The settings that somebody may have meant who wrote this one. */
function settingsBeside(key: string): readonly string[] {
  if (key.includes('.contract.')) return contractKeys;
  const section = key.startsWith('boards.') ? 'board' : key.split('.')[0];
  const beside = settingKeys.filter((each) => each.startsWith(`${section}.`));
  return beside.length > 0 ? beside : settingKeys;
}

/** For whoever wrote a key that there is not. */
export function suggestion(key: string, known: readonly string[]): string {
  const near = known
    .map((candidate) => ({ candidate, distance: editDistance(key.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return near !== undefined && near.distance <= 3
    ? `; did you mean ${near.candidate}?`
    : `; known are ${known.join(', ')}`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + same);
    }
    row = next;
  }
  return row[b.length]!;
}
