/**
 * Boards that could not be had in this run: a dead board is one set-up error, not forty. Files run in processes of their
 * own; what they share is a folder that the reporter makes for the run.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Set by the reporter for the processes of the run. */
const RUN_FOLDER = 'TAUTLINE_HIL_RUN';
/** In this process; all there is without the reporter. */
const known = new Map<string, string>();

/** @returns why, or null */
export function brokenBoard(target: string): string | null {
  const file = fileOf(target);
  try {
    return known.get(target) ?? (file === null ? null : readFileSync(file, 'utf8'));
  } catch {
    return null; // nobody has said so
  }
}

export function markBroken(target: string, reason: string): void {
  known.set(target, reason);
  const file = fileOf(target);
  if (file !== null) writeFileSync(file, reason);
}

/** For whoever starts the run. @returns ends it */
export function beginRun(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'tautline-hil-run-'));
  process.env[RUN_FOLDER] = folder;
  return () => {
    delete process.env[RUN_FOLDER];
    rmSync(folder, { recursive: true, force: true });
  };
}

function fileOf(target: string): string | null {
  const folder = process.env[RUN_FOLDER];
  return folder ? join(folder, encodeURIComponent(target)) : null;
}
