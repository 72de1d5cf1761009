const SECOND_STAGE_BYTES = 256;
const CHECKSUM_AT = 252;
/** RP2040 datasheet 2.8.1.3: where the boot ROM puts the second stage; its stack ends there too. */
export const SECOND_STAGE_ADDRESS = 0x20041f00;
const FLASH_BYTES = 2 * 1024 * 1024;

/** CRC-32/MPEG-2, as the boot ROM computes it over the first 252 bytes of the flash (RP2040 datasheet 2.8.1.3.1). */
export function secondStageChecksum(image: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < CHECKSUM_AT; i++) {
    crc ^= image[i]! << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}

/**
 * The flash of a Pico with this image at its start.
 * @param image contents of the flash from 0x10000000 (`.bin`, not `.uf2`)
 * @throws Error when a real Pico would not boot from it
 */
export function flashFrom(image: Uint8Array): Uint8Array<ArrayBuffer> {
  if (image.length <= SECOND_STAGE_BYTES || image.length > FLASH_BYTES) {
    throw new Error(
      `The image has ${image.length} bytes; a Pico takes ${SECOND_STAGE_BYTES + 1} to ${FLASH_BYTES}. Give a .bin of the whole flash.`,
    );
  }
  const stored = new DataView(image.buffer, image.byteOffset).getUint32(CHECKSUM_AT, true);
  const expected = secondStageChecksum(image);
  if (stored !== expected) {
    throw new Error(
      `The second stage of the image has checksum 0x${stored.toString(16)}, but its bytes give 0x${expected.toString(16)}: ` +
        'a real Pico would not boot. Give the .bin that "make -C firmware" makes, not an .elf or .uf2.',
    );
  }
  const flash = new Uint8Array(FLASH_BYTES).fill(0xff);
  flash.set(image);
  return flash;
}

/** What the boot ROM hands over to: the second stage, copied to RAM. */
export function secondStage(flash: Uint8Array): Uint8Array {
  return flash.subarray(0, SECOND_STAGE_BYTES);
}
