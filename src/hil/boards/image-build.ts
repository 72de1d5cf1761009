/** The build hash that an image says of itself: the `build` of its descriptor, as firmware/tools/image.mjs writes it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dataFromHex } from '../../board/emulated/atmega328p/intel-hex.js';

/** UF2 specification: blocks of 512 bytes with 32 bytes of head. */
const UF2 = { start: 0x0a324655, blockBytes: 512, headBytes: 32, payloadBytesMax: 476 };
/** In this repository, and in the package. */
const TOOL = fileURLToPath(new URL('../../../firmware/tools/image.mjs', import.meta.url));
const BUILD = /"build":"([0-9a-f]{64})"/g;

/**
 * @param path of a `.bin`, `.uf2`, `.hex`, or a program
 * @returns 64 hex digits
 * @throws Error when the file cannot be read, or holds no descriptor with a build hash
 */
export function buildOfImage(path: string): string {
  const text = Buffer.from(contentsOf(read(path), path)).toString('latin1');
  const found = new Set([...text.matchAll(BUILD)].map(([, hash]) => hash!));
  const [build] = found;
  const problem =
    build === undefined
      ? 'holds no descriptor with a "build"'
      : found.size > 1
        ? `holds ${found.size} different build hashes`
        : /^0+$/.test(build)
          ? 'holds a build hash of zeros, so nothing has written it in yet'
          : null;
  if (problem === null) return build!;
  throw new Error(
    `${path} ${problem}: so nobody can tell whether a board runs it. node ${TOOL} hash FILE writes the hash into the ELF or ` +
      '.bin file that it is made of; for firmware without a descriptor take flasher = "none" and no image (docs/hil.md, ' +
      '"Firmware of your own").',
  );
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`cannot read the image ${path}: ${(error as Error).message}`);
  }
}

function contentsOf(file: Buffer, path: string): Uint8Array {
  if (file.length >= 4 && file.readUInt32LE(0) === UF2.start) return fromUf2(file, path);
  return path.endsWith('.hex') ? fromHex(file, path) : file;
}

function fromHex(file: Buffer, path: string): Uint8Array {
  try {
    return dataFromHex(file);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
}

function fromUf2(file: Buffer, path: string): Uint8Array {
  const payloads: Uint8Array[] = [];
  for (let at = 0; at < file.length; at += UF2.blockBytes) {
    const isWhole = at + UF2.blockBytes <= file.length && file.readUInt32LE(at) === UF2.start;
    const bytes = isWhole ? file.readUInt32LE(at + 16) : UF2.payloadBytesMax + 1;
    if (bytes > UF2.payloadBytesMax)
      throw new Error(`${path} is no whole UF2 file: block ${at / UF2.blockBytes} is damaged`);
    payloads.push(file.subarray(at + UF2.headBytes, at + UF2.headBytes + bytes));
  }
  return Buffer.concat(payloads);
}
