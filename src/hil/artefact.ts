/** A recording as a file: what a failed test leaves behind, and what `HIL_REPLAY` takes. JSON, compressed. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Capability } from './capabilities.js';
import { artifactsFolder } from './environment.js';
import type { BackEnd } from './fault-table.js';
import { type Entry, type EntryKind, type EntryPayloads, type RecordedLoopTerms, Recording } from './recording.js';
import type { FirmwareKind } from './targets.js';

const FORMAT = 'tautline-hil-recording';
const VERSION = 1;
/** A recording of this machine's own tests is a few MB; more is a mistake or an attack. */
const JSON_BYTES_MAX = 1024 * 1024 * 1024;
const NAME_LENGTH_MAX = 100;

export interface RecordedTest {
  readonly target: string;
  readonly isRealTime: boolean;
  readonly capabilities: readonly Capability[];
  readonly firmware: FirmwareKind;
  readonly seed: number;
  /** Where faults were made; null without. */
  readonly faultBackEnd: BackEnd | null;
  readonly file: string;
  readonly test: string;
  readonly errors: readonly string[];
}

export interface Artefact extends RecordedTest {
  /** Of the working copy, with `+` when it had changes; null outside of one. */
  readonly commit: string | null;
  readonly createdUtc: string;
  readonly loop: RecordedLoopTerms;
  readonly recording: Recording;
}

/**
 * Where the recording of a test goes: the same for every run of it, so that a failure can name it before it is written. The
 * digits keep apart what differs only in its file, or in letters that a file's name does without.
 */
export function artefactPath({ target, file, test }: Pick<RecordedTest, 'target' | 'file' | 'test'>): string {
  const name = `${target} ${test}`.replaceAll(/[^\w.-]+/g, '-').replaceAll(/^[-.]+|[-.]+$/g, '');
  const digits = createHash('sha256').update(`${target}\n${file}\n${test}`).digest('hex').slice(0, 6);
  return join(artifactsFolder(), `${name.slice(0, NAME_LENGTH_MAX)}-${digits}.json.gz`);
}

/** @returns the path */
export function saveArtefact(test: RecordedTest, recording: Recording): string {
  const { loop, isTruncated } = recording;
  const header = {
    format: FORMAT,
    version: VERSION,
    commit: commitOf(),
    createdUtc: new Date().toISOString(),
    node: process.version,
  };
  const entries = Array.from({ length: recording.length }, (_, i) => packed(recording.at(i)));
  const path = artefactPath(test);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, gzipSync(JSON.stringify({ ...header, ...test, loop, isTruncated, entries })));
  return path;
}

/** @throws Error that says what is wrong with the file */
export function loadArtefact(path: string): Artefact {
  const parsed = parse(path);
  if (parsed.format !== FORMAT || parsed.version !== VERSION) {
    throw new Error(
      `${path} is no recording that this version can replay (${parsed.format} ${parsed.version}, wanted ${FORMAT} ${VERSION}): replay it with the commit that wrote it, ${parsed.commit ?? 'unknown'}`,
    );
  }
  const { entries, isTruncated, ...rest } = parsed;
  const recording = new Recording();
  for (const entry of entries) unpack(entry, recording);
  recording.loop = rest.loop;
  recording.isTruncated = isTruncated;
  return { ...rest, recording };
}

type Packed = readonly [EntryKind, number, unknown?];
type File = Omit<Artefact, 'recording'> & {
  readonly format: string;
  readonly version: number;
  readonly isTruncated: boolean;
  readonly entries: readonly Packed[];
};

function parse(path: string): File {
  try {
    const bytes = readFileSync(path);
    const isZipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const json = isZipped ? gunzipSync(bytes, { maxOutputLength: JSON_BYTES_MAX }) : bytes;
    return JSON.parse(json.toString('utf8')) as File;
  } catch (error) {
    throw new Error(
      `HIL_REPLAY=${path}: ${(error as Error).message}. Give the path of a recording that a failed test has left.`,
    );
  }
}

/** Bytes as base64; everything else as it is. */
function packed({ kind, atUs, payload }: Entry): Packed {
  if (payload === undefined) return [kind, atUs];
  if (!('bytes' in payload)) return [kind, atUs, payload];
  return [kind, atUs, { ...payload, bytes: Buffer.from(payload.bytes).toString('base64') }];
}

function unpack([kind, atUs, payload]: Packed, recording: Recording): void {
  const bytes = (payload as { readonly bytes?: string } | undefined)?.bytes;
  const whole = bytes === undefined ? payload : { ...(payload as object), bytes: Buffer.from(bytes, 'base64') };
  recording.add(kind, atUs, whole as EntryPayloads[typeof kind]);
}

function commitOf(): string | null {
  const git = (...args: string[]) => spawnSync('git', args, { encoding: 'utf8', timeout: 5000 });
  const { status, stdout } = git('rev-parse', 'HEAD');
  if (status !== 0) return null;
  return stdout.trim() + (git('status', '--porcelain', '--untracked-files=no').stdout?.trim() ? '+' : '');
}
