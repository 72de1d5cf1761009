#!/usr/bin/env node
/**
 * Makes flashable images out of what the linker wrote.
 *
 *   image.mjs rp2040 NAME.elf NAME.bin NAME.uf2   second stage's CRC, build hash, UF2; NAME.bin comes from objcopy
 *   image.mjs atmega328p NAME.elf NAME.bin NAME.hex   build hash, Intel HEX; NAME.bin comes from objcopy
 *   image.mjs hash FILE                           build hash only, of firmware for any chip: its ELF, before anything is made of
 *                                                 that, or its .bin; `host PROGRAM` is the same
 *
 * The build hash is the SHA-256 of the image (`.bin`, or FILE) with the 64 digits of its `build` field zeroed.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const HASH_DIGITS = 64;
const BUILD_MARK = Buffer.from(`"build":"${'0'.repeat(HASH_DIGITS)}"`);
const BUILD_AT_IN_MARK = '"build":"'.length;

const FLASH_ADDRESS = 0x10000000;
/** RP2040 datasheet 2.8.1.3.1. */
const SECOND_STAGE_CRC_AT = 252;
/** UF2 specification; the family is the RP2040. */
const UF2 = { start0: 0x0a324655, start1: 0x9e5d5157, end: 0x0ab16f30, familyPresent: 0x2000, family: 0xe48bff56 };
const UF2_BLOCK_BYTES = 512;
const UF2_PAYLOAD_BYTES = 256;

function crc32Mpeg2(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}

/** Offset of the 64 zeros, which must be there exactly once. */
function buildFieldAt(image, path) {
  const at = image.indexOf(BUILD_MARK);
  if (at < 0 || image.indexOf(BUILD_MARK, at + 1) >= 0) {
    throw new Error(
      `${path}: expected one "build" field of ${HASH_DIGITS} zeros in the descriptor, found ${at < 0 ? 'none' : 'several'}`,
    );
  }
  return at + BUILD_AT_IN_MARK;
}

function writeBuildHash(image, path, hash) {
  image.write(hash, buildFieldAt(image, path), 'latin1');
}

/** Offset in the file of the segment that the program header table of a 32-bit little-endian ELF loads at `address`. */
function elfOffsetOf(elf, address, path) {
  const table = elf.readUInt32LE(28);
  const entryBytes = elf.readUInt16LE(42);
  for (let i = 0; i < elf.readUInt16LE(44); i++) {
    const header = table + i * entryBytes;
    const [type, offset, , physical, bytes] = [0, 4, 8, 12, 16].map((field) => elf.readUInt32LE(header + field));
    if (type === 1 && address >= physical && address < physical + bytes) return offset + address - physical;
  }
  throw new Error(`${path}: no segment is loaded at 0x${address.toString(16)}`);
}

function uf2(image) {
  const blocks = Math.ceil(image.length / UF2_PAYLOAD_BYTES);
  const file = Buffer.alloc(blocks * UF2_BLOCK_BYTES);
  for (let block = 0; block < blocks; block++) {
    const at = block * UF2_BLOCK_BYTES;
    const payloadAt = block * UF2_PAYLOAD_BYTES;
    const words = [
      UF2.start0,
      UF2.start1,
      UF2.familyPresent,
      FLASH_ADDRESS + payloadAt,
      UF2_PAYLOAD_BYTES,
      block,
      blocks,
      UF2.family,
    ];
    words.forEach((word, i) => {
      file.writeUInt32LE(word, at + 4 * i);
    });
    image.copy(file, at + 32, payloadAt, Math.min(image.length, payloadAt + UF2_PAYLOAD_BYTES));
    file.writeUInt32LE(UF2.end, at + UF2_BLOCK_BYTES - 4);
  }
  return file;
}

function makeRp2040(elfPath, binPath, uf2Path) {
  const elf = readFileSync(elfPath);
  const bin = readFileSync(binPath);
  const crc = crc32Mpeg2(bin.subarray(0, SECOND_STAGE_CRC_AT));
  bin.writeUInt32LE(crc, SECOND_STAGE_CRC_AT);
  elf.writeUInt32LE(crc, elfOffsetOf(elf, FLASH_ADDRESS + SECOND_STAGE_CRC_AT, elfPath));
  const hash = createHash('sha256').update(bin).digest('hex');
  writeBuildHash(bin, binPath, hash);
  writeBuildHash(elf, elfPath, hash);
  writeFileSync(binPath, bin);
  writeFileSync(elfPath, elf);
  writeFileSync(uf2Path, uf2(bin));
}

/** Intel HEX: 16 bytes a record, then the end. The image is shorter than 64 KiB, so no record extends an address. */
function intelHex(image) {
  const record = (address, type, data) => {
    const bytes = Buffer.from([data.length, address >> 8, address & 0xff, type, ...data]);
    const checksum = -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;
    return `:${bytes.toString('hex')}${checksum.toString(16).padStart(2, '0')}`.toUpperCase();
  };
  const lines = [];
  for (let at = 0; at < image.length; at += 16) lines.push(record(at, 0, image.subarray(at, at + 16)));
  return `${[...lines, record(0, 1, Buffer.alloc(0))].join('\n')}\n`;
}

function makeAtmega328p(elfPath, binPath, hexPath) {
  const elf = readFileSync(elfPath);
  const bin = readFileSync(binPath);
  const hash = createHash('sha256').update(bin).digest('hex');
  writeBuildHash(bin, binPath, hash);
  writeBuildHash(elf, elfPath, hash);
  writeFileSync(binPath, bin);
  writeFileSync(elfPath, elf);
  writeFileSync(hexPath, intelHex(bin));
}

function writeHash(path) {
  const program = readFileSync(path);
  writeBuildHash(program, path, createHash('sha256').update(program).digest('hex'));
  writeFileSync(path, program);
}

const [kind, ...paths] = process.argv.slice(2);
try {
  if (kind === 'rp2040' && paths.length === 3) makeRp2040(...paths);
  else if (kind === 'atmega328p' && paths.length === 3) makeAtmega328p(...paths);
  else if ((kind === 'hash' || kind === 'host') && paths.length === 1) writeHash(...paths);
  else
    throw new Error(
      'usage: image.mjs rp2040 NAME.elf NAME.bin NAME.uf2 | image.mjs atmega328p NAME.elf NAME.bin NAME.hex | image.mjs hash FILE',
    );
} catch (error) {
  console.error(`image: ${error.message}`);
  process.exit(1);
}
