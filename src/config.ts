/** Every setting, declared once: its type, its default and its sentence for `--help` and `docs/configuration.md`. */
import { type Static, Type } from './typebox.js';

/** The real-time priority that the loop asks for when `loop.priority` says nothing else. */
export const LOOP_PRIORITY = 20;

const closed = { additionalProperties: false };
const us = (description: string, defaultUs?: number) =>
  Type.Integer({ minimum: 0, description, ...(defaultUs === undefined ? {} : { default: defaultUs }) });

/** What the configuration may tighten in a stream's contract. */
export const ContractSchema = Type.Partial(
  Type.Object({
    class: Type.Union([Type.Literal('soft'), Type.Literal('firm'), Type.Literal('hard')], {
      description: 'what a miss does: count, alarm, or trip an armed board',
    }),
    m: Type.Integer({ minimum: 1, description: 'at least so many …' }),
    k: Type.Integer({ minimum: 1, maximum: 100_000, description: '… of any so many consecutive frames must meet' }),
    jitterUs: us('largest deviation between two starts of the job from a multiple of the period'),
    deadlineUs: us('from release to judged'),
    lifespanUs: us('age past which a value is stale'),
    leaseUs: us('silence after which the stream counts as down'),
    firmwareUs: us('budget of the firmware'),
    linkUs: us('budget of the link'),
    hostUs: us('budget of the host'),
    outletUs: us('delivery budget of an outlet; 0: not checked'),
    consumerUs: us('delivery budget of a consumer; 0: not checked'),
  }),
  closed,
);

export const BoardSchema = Type.Object(
  {
    id: Type.Optional(
      Type.String({ pattern: '^[a-z][a-z0-9_-]{0,31}$', description: 'overrides the id that the board gives itself' }),
    ),
    path: Type.String({ minLength: 1, description: 'port: /dev/…, vid:pid[:serial], or emulated:pico, emulated:uno' }),
    baud: Type.Integer({ minimum: 300, maximum: 20_000_000, default: 921_600, description: 'bits per second' }),
    line: Type.Optional(
      Type.Union([Type.Literal('uart'), Type.Literal('usb')], {
        default: 'uart',
        description:
          'usb: the native USB of the board, on which bytes take no time whatever its baud rate; uart: any other',
      }),
    ),
    encoding: Type.Union([Type.Literal('auto'), Type.Literal('text'), Type.Literal('binary'), Type.Literal('plain')], {
      default: 'auto',
      description: 'auto: binary where the board can; plain: lines of a sketch, to which nothing is written',
    }),
    contract: Type.Record(Type.String(), ContractSchema, {
      default: {},
      description: 'by stream: tightens what the board offers',
    }),
  },
  closed,
);

export const ConfigSchema = Type.Object(
  {
    http: Type.Object(
      {
        host: Type.String({
          default: '127.0.0.1',
          description: 'address to listen on; another than loopback needs http.token',
        }),
        port: Type.Integer({
          minimum: 0,
          maximum: 65_535,
          default: 8080,
          description: 'HTTP and WebSocket; 0 takes a free one',
        }),
        token: Type.String({ default: '', description: 'bearer token of the operator role' }),
        origins: Type.Array(Type.String(), { default: [], description: 'further origins that browsers may come from' }),
      },
      { ...closed, default: {} },
    ),
    mqtt: Type.Object(
      {
        enabled: Type.Boolean({ default: true, description: 'publish over MQTT' }),
        url: Type.String({
          default: '',
          description: 'broker: mqtt://host:port or mqtts://…; empty: the embedded one',
        }),
        embedded: Type.Boolean({ default: true, description: 'run a broker in this process when mqtt.url is empty' }),
        port: Type.Integer({ minimum: 0, maximum: 65_535, default: 1883, description: 'of the embedded broker' }),
        username: Type.String({ default: '', description: 'for the broker' }),
        password: Type.String({ default: '', description: 'better from TAUTLINE_MQTT_PASSWORD' }),
        frames: Type.Boolean({ default: false, description: 'publish every frame on …/frames, in batches' }),
        framesQos: Type.Integer({
          minimum: 0,
          maximum: 1,
          default: 0,
          description: 'of …/frames; 1: kept in memory, in order, until the broker has acknowledged them',
        }),
        replicate: Type.Boolean({
          default: false,
          description: 'publish the feed for `tautline gateway` on other machines: 256 bytes a frame',
        }),
        stateHz: Type.Number({
          minimum: 0.1,
          maximum: 1000,
          default: 10,
          description: 'most state messages a second of one stream',
        }),
      },
      { ...closed, default: {} },
    ),
    loop: Type.Object(
      {
        priority: Type.Integer({
          minimum: 0,
          maximum: 99,
          default: LOOP_PRIORITY,
          description: 'real-time priority (SCHED_FIFO) of the loop where the kernel grants it; 0: none',
        }),
      },
      { ...closed, default: {} },
    ),
    feed: Type.Object(
      {
        seconds: Type.Number({
          minimum: 1,
          maximum: 600,
          default: 30,
          description: 'how long the ring remembers 1000 frames a second of each configured board',
        }),
      },
      { ...closed, default: {} },
    ),
    boards: Type.Array(BoardSchema, { default: [], description: 'none: the emulated Pico' }),
  },
  closed,
);

export type Config = Static<typeof ConfigSchema>;
export type BoardConfig = Static<typeof BoardSchema>;
export type ContractConfig = Static<typeof ContractSchema>;
