import { crc32 } from './crc32.js';
import { SESSION_NONE } from './schema.js';

/**
 * The 16-bit tag that board and host each compute for their session, and that every message of it carries: the low half
 * of the CRC-32 over the three numbers as little-endian u32. Never `SESSION_NONE`: a tag of 0 becomes 1.
 */
export function sessionTag(bootId: number, descriptorHash: number, hostNonce: number): number {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bootId, true);
  view.setUint32(4, descriptorHash, true);
  view.setUint32(8, hostNonce, true);
  const tag = crc32(bytes) & 0xffff;
  return tag === SESSION_NONE ? 1 : tag;
}
