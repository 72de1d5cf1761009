/** A host that is just enough for tests of the emulator: greets, reads the descriptor, starts the streams in binary. */
import { Decoder } from '../../../codec/decoder.js';
import { parseDescriptor } from '../../../codec/descriptor-parser.js';
import { encodeBinary, encodeText } from '../../../codec/encode.js';
import type { DeviceMessage, HostMessage, Message } from '../../../codec/message.js';
import { sessionTag } from '../../../codec/session-tag.js';

export interface SeenFrame {
  readonly seq: number;
  readonly releaseUs: number;
  readonly arrivalUs: number;
}

export class GreetingHost {
  readonly frames: SeenFrame[] = [];
  readonly messages: DeviceMessage[] = [];
  corruptBytes = 0;
  tag = 0;
  private session: Message<'session'> | undefined;
  private descriptor = new Uint8Array(0);
  private readonly decoder: Decoder;

  constructor(
    private readonly send: (bytes: Uint8Array) => void,
    private readonly nonce = 0x1234,
  ) {
    this.decoder = new Decoder({
      data: ({ seq, releaseUs, arrivalUs, textual }) => {
        if (!textual) this.frames.push({ seq, releaseUs, arrivalUs });
      },
      message: (message) => this.answer(message),
      plain: () => {},
      text: () => {},
      corrupt: (bytes) => {
        this.corruptBytes += bytes;
      },
      foreign: () => {},
      fallback: () => {},
    });
  }

  push(bytes: Uint8Array, arrivalUs: number): void {
    this.decoder.push(bytes, { arrivalUs });
  }

  /** In the encoding in force; `hello` is text in either. */
  say(message: HostMessage): void {
    const isText = message.name === 'hello' || this.decoder.encoding === 'text';
    this.send(isText ? encodeText(message) : encodeBinary(message));
  }

  hello(): void {
    this.descriptor = new Uint8Array(0);
    this.decoder.expect('text');
    this.decoder.expectSession(null);
    this.say({ name: 'hello', protocolMin: 1, protocolMax: 1, hostNonce: this.nonce });
  }

  /** The last message of this name. */
  last<N extends DeviceMessage['name']>(name: N): Message<N> | undefined {
    return this.messages.findLast((message) => message.name === name) as Message<N> | undefined;
  }

  private answer(message: DeviceMessage): void {
    this.messages.push(message);
    if (message.name === 'session') {
      this.session = message;
      this.tag = sessionTag(message.bootId, message.descriptorHash, this.nonce);
      this.decoder.expectSession(this.tag);
      this.say({ name: 'describe', offset: 0, length: 48 });
    } else if (message.name === 'descriptor') {
      this.collect(message.offset, message.data);
    } else if (message.name === 'started') {
      this.decoder.expect('binary');
    }
  }

  private collect(offset: number, data: Uint8Array): void {
    const grown = new Uint8Array(offset + data.length);
    grown.set(this.descriptor);
    grown.set(data, offset);
    this.descriptor = grown;
    if (grown.length < this.session!.descriptorBytes) {
      this.say({ name: 'describe', offset: grown.length, length: 48 });
      return;
    }
    const parsed = parseDescriptor(grown);
    if (!parsed.ok) throw new Error(parsed.reason);
    this.decoder.layouts(parsed.descriptor.streams);
    this.say({ name: 'start', session: this.tag, encoding: 1 });
  }
}
