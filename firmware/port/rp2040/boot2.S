/*
 * Second stage of the boot: the boot ROM checks the CRC of these 256 bytes (the image tool writes it), copies them to
 * the end of RAM and jumps there (RP2040 datasheet 2.8.1.3). It makes the flash readable at 0x10000000 and starts the
 * program behind it. Plain serial reads (command 03h) work with every flash chip.
 */
    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .equ SSI, 0x18000000          /* datasheet 4.10.13 */
    .equ CTRLR0, 0x00
    .equ CTRLR1, 0x04
    .equ SSIENR, 0x08
    .equ BAUDR, 0x14
    .equ SPI_CTRLR0, 0xF4
    .equ VTOR, 0xE000ED08

    .section .boot2, "ax"
    .global second_stage
    .thumb_func
second_stage:
    ldr  r0, =SSI
    movs r1, #0
    str  r1, [r0, #SSIENR]        /* most registers can only be written while it is disabled */
    movs r1, #4
    str  r1, [r0, #BAUDR]         /* 125 MHz / 4: within the limit of 03h on all chips */
    ldr  r1, =0x001F0300          /* 32-bit frames, EEPROM read, one data line */
    str  r1, [r0, #CTRLR0]
    movs r1, #0
    str  r1, [r0, #CTRLR1]        /* one frame per access */
    ldr  r1, =0x03000218          /* command 03h in 8 bits, 24-bit address */
    movs r2, #SPI_CTRLR0
    str  r1, [r0, r2]
    movs r1, #1
    str  r1, [r0, #SSIENR]

    ldr  r0, =0x10000100          /* the vector table: stack pointer, then the entry point */
    ldr  r1, =VTOR
    str  r0, [r1]
    ldmia r0!, {r1, r2}
    msr  msp, r1
    bx   r2
    .ltorg
