/*
 * What this board's build differs in; the compiler reads it first. 2 KiB of RAM hold the buffers, the state of core and
 * application, and the stack: `make` fails when the first two take more than RAM_MAX of the Makefile.
 */
#ifndef TAUTLINE_ATMEGA328P_CONFIG_H
#define TAUTLINE_ATMEGA328P_CONFIG_H

#define APP_BOARD "\"id\":\"uno\",\"name\":\"motor\",\"mcu\":\"ATmega328P\""
#define APP_BAUD 1000000
/* What 16 MHz have time for, with the bytes of both directions beside it; README.md has the cycles. */
#ifndef APP_TICK_US
#define APP_TICK_HZ 250
#define APP_TICK_US 4000
#endif
/* A job waits for the message before it: 0.64 ms for a ping, 1.12 ms with two more messages coming in behind it. */
#define APP_JITTER_US 1200
#define APP_FIRMWARE_BUDGET_US 1000

#define APP_STREAMS_MAX 2u
#define APP_VALUES_MAX 8u

/* The longest messages sent: the descriptor's parts, 58 bytes or 122 characters; an event with 64 of text, 110. */
#define WIRE_SENT_BYTES_MAX 96u
#define WIRE_SENT_LINE_BYTES_MAX 144u

/* The longest command of this application is a line of 81 characters. */
#define RECEIVE_SLOTS 4u
#define RECEIVE_SLOT_BYTES 88u

/* 2.5 ms of the line. A frame goes in while the one before it is still there, and leaves room for the longest answer. */
#define TRANSMIT_RING_BYTES 256u
#define TRANSMIT_RESERVE_BYTES 112u

#endif
