/** The drive as which a board in its UF2 bootloader shows up. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { MappedBoard } from './board-map.js';

/** What every UF2 bootloader shows (UF2 specification, "Files exposed by bootloaders"): a folder without it is no board. */
export const UF2_INFO = 'INFO_UF2.TXT';

/** Where it is mounted; null for a board that has none. */
export const driveOf = ({ volume, folder }: Pick<MappedBoard, 'volume' | 'folder'>): string | null =>
  volume === undefined ? null : resolve(folder, volume);

/** An empty mount point is none. */
export function isDriveThere(board: MappedBoard): boolean {
  const drive = driveOf(board);
  return drive !== null && existsSync(join(drive, UF2_INFO));
}
