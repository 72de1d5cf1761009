/** The hardware map, `hil-boards.toml`: every key declared once, with its default and its sentence for docs/hil.md. */
import { type Static, Type } from '../../typebox.js';

const closed = { additionalProperties: false };
const text = (description: string) => Type.Optional(Type.String({ minLength: 1, description }));

export const MappedImagesSchema = Type.Object(
  {
    release: text('what the board runs in most tests'),
    test: text("with fault commands, for tests of `firmware: 'test'`"),
    wrap: text("with clock and sequence near their wraps, for tests of `firmware: 'wrap'`"),
    slow: text("the same with a period of 20 ms, for tests of `firmware: 'slow'`"),
  },
  closed,
);

export const MappedAvrdudeSchema = Type.Object(
  {
    programmer: Type.String({ minLength: 1, default: 'arduino', description: '`avrdude -c`' }),
    part: Type.String({ minLength: 1, default: 'm328p', description: '`avrdude -p`' }),
    baud: Type.Integer({
      minimum: 300,
      maximum: 20_000_000,
      default: 115_200,
      description: '`avrdude -b`; 57600 for the old bootloader of a Nano',
    }),
  },
  closed,
);

export const MappedBoardSchema = Type.Object(
  {
    path: text(
      'its port: `/dev/serial/by-id/…`, or `/dev/serial/by-path/…` for a place in the hub; either this or `usb`',
    ),
    usb: Type.Optional(
      Type.String({
        pattern: '^[0-9a-fA-F]{4}:[0-9a-fA-F]{4}(:.+)?$',
        description: 'its port by USB id, `vid:pid[:serial]`, as `tautline ports` lists it',
      }),
    ),
    baud: Type.Integer({ minimum: 300, maximum: 20_000_000, default: 921_600, description: 'bits per second' }),
    timing: Type.Boolean({
      default: true,
      description: 'it keeps its own time; `false` for a board that is a process of this machine',
    }),
    features: Type.Array(Type.String({ minLength: 1, pattern: '^[a-z][a-z0-9-]*$' }), {
      default: [],
      description:
        'what is wired around it, in your words: `["loopback"]` runs tests of `needs: [\'feature:loopback\']`',
    }),
    reset: Type.Union([Type.Literal('none'), Type.Literal('dtr'), Type.Literal('command')], {
      default: 'none',
      description: 'how its reset button is pressed: gives `reset`',
    }),
    resetCommand: text('shell command that presses it, with `reset = "command"`'),
    powerOff: text('shell command that takes its power; with `powerOn` gives `power`'),
    powerOn: text('shell command that gives it power again'),
    flasher: Type.Union([Type.Literal('none'), Type.Literal('uf2'), Type.Literal('avrdude'), Type.Literal('command')], {
      default: 'none',
      description:
        'what writes an image; with `none` a board with another build than `image.release` is a set-up error',
    }),
    flashCommand: text('shell command that writes `{image}` to the board at `{port}`, with `flasher = "command"`'),
    volume: text('folder where the board shows up as a drive, such as `/media/me/RPI-RP2`, with `flasher = "uf2"`'),
    bootloaderCommand: text('shell command that makes it show up there; without it somebody holds BOOTSEL'),
    flashSeconds: Type.Integer({
      minimum: 1,
      maximum: 3600,
      default: 60,
      description: 'how long writing may take; and before it, as long again, waiting for `volume`',
    }),
    image: Type.Object(MappedImagesSchema.properties, {
      ...closed,
      default: {},
      description: 'what it is to run: see below',
    }),
    avrdude: Type.Object(MappedAvrdudeSchema.properties, {
      ...closed,
      default: {},
      description: 'how avrdude reaches it: see below',
    }),
  },
  closed,
);

export type MappedBoardSettings = Static<typeof MappedBoardSchema>;
