import type { RP2040 } from 'rp2040js';

/**
 * The 16 KiB at address 0 of an RP2040 (datasheet 2.8). They have a licence of their own and do not come along: an image
 * that uses none of their functions runs without, and for another one the user gives the file.
 */
const BOOT_ROM_BYTES = 16 * 1024;
/** Its handler on silicon stands still, and so does the core without the ROM. */
const HARD_FAULT = 3;

/** @throws Error when it cannot be an RP2040's boot ROM */
export function bootRomFrom(file: Uint8Array): Uint32Array {
  if (file.length !== BOOT_ROM_BYTES) {
    throw new Error(
      `The boot ROM has ${file.length} bytes; that of an RP2040 has ${BOOT_ROM_BYTES}: give the bytes from address 0 to 0x3fff.`,
    );
  }
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  return Uint32Array.from({ length: BOOT_ROM_BYTES / 4 }, (_, word) => view.getUint32(4 * word, true));
}

/** Puts the ROM into a chip. Without one, whoever reads or runs what would be in it is stopped: zeros would mislead it. */
export function useBootRom(rp2040: RP2040, rom: Uint32Array | undefined): void {
  if (rom !== undefined) {
    rp2040.bootrom.set(rom);
    return;
  }
  const { core } = rp2040;
  const read = rp2040.readUint32.bind(rp2040);
  // The one way for instructions, data and vectors outside of flash and RAM.
  rp2040.readUint32 = (address) => {
    if (address >>> 0 < BOOT_ROM_BYTES && core.IPSR !== HARD_FAULT) throw new BootRomMissing(address >>> 0, core.PC);
    return read(address);
  };
}

export class BootRomMissing extends Error {
  /** @param pc of the instruction behind, or the address itself when that is run */
  constructor(address: number, pc: number) {
    super(
      `The image uses the boot ROM: it reads 0x${hex(address)} at PC 0x${hex(pc)}. The RP2040's ROM does not come along with ` +
        `the emulator, for its licence. Give a copy of yours, ${BOOT_ROM_BYTES} bytes, with --bootrom FILE (in tests ` +
        'HIL_BOOTROM=FILE), or build the image without functions of the ROM.',
    );
  }
}

const hex = (address: number): string => address.toString(16).padStart(8, '0');
