/** What the modelled board answers: `firmware/core/session.c`, `command.c` and `core.c`. */
import type { Message } from '../codec/message.js';
import {
  type AnswerCode,
  answerCodes,
  armStates,
  BINARY_MESSAGE_BYTES_MAX,
  DESCRIPTOR_CHUNK_BYTES_MAX,
  type Encoding,
  encodings,
  PROTOCOL_VERSION,
  resetCauses,
  SESSION_NONE,
  tripCauses,
} from '../codec/schema.js';
import { sessionTag } from '../codec/session-tag.js';
import { descriptorBytes, descriptorHash } from './board.js';
import type { Device } from './device.js';
import type { PlantedBug } from './planted-bugs.js';
import type { Received } from './receiver.js';

interface StatusFigures {
  readonly loops: number;
  readonly execMaxUs: number;
  readonly overruns: number;
  readonly drops: number;
}

export class DeviceSession {
  mode: 'monitor' | 'greeted' | 'streaming' = 'monitor';
  tag: number = SESSION_NONE;
  encoding: Encoding = 'text';
  bootId = 0;
  /** Sessions so far: a tag of 16 bits comes again now and then. */
  count = 0;
  /** `id`s of the commands that ran, with what they did: for the checker. */
  onCommand: (message: Message<'command'>, code: AnswerCode) => void = () => {};
  #lastCounter = 0;
  #lastAnswer: AnswerCode = 'stale';
  #describe: Message<'describe'> | null = null;

  constructor(
    private readonly device: Device,
    private readonly random: () => number,
    private readonly bug: PlantedBug | null,
  ) {}

  boot(): void {
    this.mode = 'monitor';
    this.tag = SESSION_NONE;
    this.encoding = 'text';
    this.bootId = Math.floor(this.random() * 2 ** 32);
    this.#describe = null;
    this.device.event('boot', 'info', resetCauses[this.device.resetCause], '1.0.0');
  }

  /** @param endUs device time of the message's last byte */
  run({ message, textual }: Received, endUs: number): void {
    if (message.name === 'hello') this.#hello(message, textual);
    else if (message.name === 'describe') this.#describe = message;
    else if (message.name === 'start') this.#start(message);
    else if (message.name === 'ping') this.#ping(message, endUs);
    else if (message.name === 'heartbeat') this.device.guard.heartbeat(message, this.tag, Math.floor(endUs));
    else if (message.name === 'command') this.#command(message);
    else if (message.name === 'safe') this.device.guard.safe(message.cause);
  }

  /** The descriptor has the lowest priority: a chunk goes out when nothing else waits. */
  describeIfAsked(): void {
    const asked = this.#describe;
    if (asked === null || this.device.queueBytes > 0) return;
    this.#describe = null;
    const length = Math.min(asked.length, DESCRIPTOR_CHUNK_BYTES_MAX);
    const data = descriptorBytes.slice(asked.offset, asked.offset + length);
    this.device.send({ name: 'descriptor', session: this.tag, offset: asked.offset, data });
  }

  status({ loops, execMaxUs, overruns, drops }: StatusFigures): void {
    const { guard, receiver, deviceUs } = this.device;
    this.device.send({
      name: 'status',
      session: this.tag,
      deviceUs,
      loops: loops >>> 0,
      execCount: loops >>> 0,
      execSumUs: 0,
      execSumSquaredUs2: 0,
      execMaxUs,
      sendMaxUs: 10,
      overruns,
      receiveErrors: receiver.errors & 0xffff,
      drops,
      armed: armStates[guard.state],
      tripCause: tripCauses[guard.cause],
    });
  }

  #hello(hello: Message<'hello'>, textual: boolean): void {
    const { device } = this;
    if (device.guard.state === 'armed') {
      device.send({ name: 'nack', session: this.tag, counter: 0, code: answerCodes.armedElsewhere });
      device.event('secondHost', 'warning', hello.hostNonce, 'hello from a second host while armed');
      return;
    }
    device.encodeAs(textual ? 'text' : 'binary');
    if (hello.protocolMin > PROTOCOL_VERSION || hello.protocolMax < PROTOCOL_VERSION) {
      device.send({ name: 'nack', session: this.tag, counter: 0, code: answerCodes.unsupported });
      return;
    }
    this.mode = 'greeted';
    this.count++;
    this.tag = sessionTag(this.bootId, descriptorHash, hello.hostNonce);
    this.#describe = null;
    device.guard.session();
    this.#lastCounter = 0;
    this.#lastAnswer = 'stale';
    device.send({
      name: 'session',
      protocol: PROTOCOL_VERSION,
      bootId: this.bootId,
      resetCause: resetCauses[device.resetCause],
      descriptorHash,
      descriptorBytes: descriptorBytes.length,
      maxFrame: BINARY_MESSAGE_BYTES_MAX,
      encodings: (1 << encodings.text) | (1 << encodings.binary),
      deviceUs: device.deviceUs,
      hostNonce: hello.hostNonce,
      uid: '0000000000005117',
    });
  }

  #start(start: Message<'start'>): void {
    if (start.session !== this.tag || this.mode === 'monitor') {
      this.device.receiver.errors++;
      return;
    }
    this.device.send({ name: 'started', session: this.tag, encoding: start.encoding });
    this.device.encodeAs(start.encoding === encodings.binary ? 'binary' : 'text');
    this.mode = 'streaming';
  }

  #ping(ping: Message<'ping'>, endUs: number): void {
    if (ping.session !== this.tag) {
      this.device.receiver.errors++;
      return;
    }
    const { queueBytes, deviceUs } = this.device;
    const txUs = Math.floor(deviceUs + (queueBytes * 1e7) / 921_600) % 2 ** 32;
    const rxUs = Math.floor(endUs) % 2 ** 32;
    this.device.send({ name: 'pong', session: this.tag, id: ping.id, rxUs, txUs, queueBytes, deviceUs });
  }

  #command(command: Message<'command'>): void {
    if (command.session !== this.tag || this.mode === 'monitor') {
      this.device.receiver.errors++;
      return;
    }
    const { counter } = command;
    if (counter < this.#lastCounter || counter === 0) {
      this.#answer(counter, 'stale');
      return;
    }
    if (counter > this.#lastCounter || this.bug === 'runs commands twice') {
      this.#lastCounter = counter;
      this.#lastAnswer = this.#execute(command);
      this.onCommand(command, this.#lastAnswer);
    }
    this.#answer(counter, this.#lastAnswer);
  }

  #execute({ command, expiryUs }: Message<'command'>): AnswerCode {
    const { guard, deviceUs } = this.device;
    const isExpired = ((deviceUs - expiryUs) | 0) > 0;
    if (isExpired && this.bug !== 'runs expired commands') return 'expired';
    if (command === 'arm') return guard.arm(deviceUs);
    if (command === 'disarm') return guard.disarm();
    if (command === 'rearm') return guard.rearm();
    return command === 'setpoint' ? 'ok' : 'unknownCommand';
  }

  #answer(counter: number, code: AnswerCode): void {
    const name = code === 'ok' ? 'ack' : 'nack';
    this.device.send({ name, session: this.tag, counter, code: answerCodes[code] });
  }
}
