/** Tiny images for tests of the emulator itself, so that these need neither the firmware nor a compiler. */
import { secondStageChecksum } from './rp2040/boot.js';

function image(secondStage: string, rest: string): Uint8Array {
  const bytes = new Uint8Array(256 + rest.length / 2);
  bytes.set(Buffer.from(secondStage, 'hex'));
  bytes.set(Buffer.from(rest, 'hex'), 256);
  new DataView(bytes.buffer).setUint32(252, secondStageChecksum(bytes), true);
  return bytes;
}

/** `ldr r0, =0x10000100; ldr r1, =VTOR; str r0, [r1]; ldmia r0!, {r1, r2}; msr msp, r1; bx r2` */
const JUMP_TO_VECTORS = '03480449086006c881f30888104700000001001008ed00e0';

/**
 * Sets pin 2 in PendSV (pended by the thread), then toggles pin 3 in SysTick every 650 cycles, 100 us of the ring
 * oscillator: sleeps until the first one with `wfi`, until the second with `cpsid i; wfi`, sets pin 4, `cpsie i`, and
 * sleeps for ever. Vectors: SP 0x20042000, reset, PendSV (14), SysTick (15); code from 0x10000140.
 */
export const sleeper = image(
  JUMP_TO_VECTORS,
  `0020042041010010${'00'.repeat(48)}7b01001081010010` +
    '11481249016012480521016081600161104c1c216162104810490160104811494160002181600721016030bf72b630bf1021616162b630bffde7' +
    '0421616170470821e1617047000000f000402001000014400140000000d004ed00e00000001010e000e089020000',
);

/** A second stage that is `udf #0` with no vectors behind it: HardFault, whose vector is 0, and lock-up. */
export const crasher = image('00de', '00'.repeat(256));

/**
 * Asks the boot ROM for its function `P3` as the Pico SDK does (RP2040 datasheet 2.8.3: table at 0x14, lookup at 0x18),
 * calls it with 0x80008001, and shows the two low bits of what it returns on pins 2 and 3.
 */
export const romUser = image(
  JUMP_TO_VECTORS,
  '00200420090100101024a088228909499047034608489847084a002111600521074a11609160074a800010600c21116130bffde750330000' +
    '0180008000c0004014400140100000d0',
);

/** A boot ROM of our own, with a table of one function, `P3`: how many bits are set. */
export const smallBootRom = ((): Uint8Array => {
  const rom = new Uint8Array(16 * 1024);
  rom.set(Buffer.from('4d75010030000000410000', 'hex'), 0x10);
  rom.set(Buffer.from('50336100', 'hex'), 0x30); // 'P', '3', at 0x60; then the end
  rom.set(Buffer.from('028843880430002a01d08a42f8d118467047', 'hex'), 0x40); // lookup(table, code)
  rom.set(Buffer.from('0021400800d301310028fad108467047', 'hex'), 0x60); // counts bits
  return rom;
})();
