/**
 * A binding for `SerialPortStream` whose port is an emulated board in this process: virtual time in tests, paced to the wall
 * clock where there are no pseudo-terminals.
 *
 *     const line = new VirtualLine({ image, seed: 1 });
 *     const port = new SerialPortStream({ binding: emulatedBinding({ pico: line }), path: 'emulated:pico', baudRate: 921600 });
 *     await line.runFor(1e6);
 */
import type {
  BindingInterface,
  BindingPortInterface,
  OpenOptions,
  PortInfo,
  PortStatus,
  SetOptions,
  UpdateOptions,
} from '@serialport/bindings-cpp';
import type { Wire } from './wire.js';

export const EMULATED_PREFIX = 'emulated:';
/** Bytes that wait for a host that does not read, about what a kernel keeps; more are lost and counted. */
const RECEIVE_BYTES_MAX = 64 * 1024;

const defaults = {
  dataBits: 8,
  lock: true,
  stopBits: 1,
  parity: 'none',
  rtscts: false,
  xon: false,
  xoff: false,
  xany: false,
  hupcl: true,
} as const;

interface PendingRead {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly length: number;
  readonly resolve: (result: { buffer: Buffer; bytesRead: number }) => void;
  readonly reject: (error: Error) => void;
}

export class EmulatedPort implements BindingPortInterface {
  isOpen = true;
  /** Bytes that found the receive buffer full. */
  droppedBytes = 0;
  readonly openOptions: Required<OpenOptions>;
  private readonly chunks: Uint8Array[] = [];
  private buffered = 0;
  private pending: PendingRead | undefined;
  private sending: Promise<void> = Promise.resolve();

  constructor(
    private readonly wire: Wire,
    options: OpenOptions,
  ) {
    this.openOptions = { ...defaults, ...options };
    wire.connect(options.baudRate, (bytes) => this.arrived(bytes));
  }

  read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> {
    if (!this.isOpen) return Promise.reject(canceled('The port is not open.'));
    return new Promise((resolve, reject) => {
      this.pending = { buffer, offset, length, resolve, reject };
      this.satisfy();
    });
  }

  /** The bytes are copied: the caller may use its buffer again. */
  async write(buffer: Buffer): Promise<void> {
    this.checkOpen();
    this.sending = this.wire.send(Uint8Array.from(buffer));
    await this.sending;
    if (!this.isOpen) throw canceled('The port was closed while bytes were being sent.');
  }

  async close(): Promise<void> {
    this.checkOpen();
    this.isOpen = false;
    this.wire.disconnect();
    this.forget();
    const { pending } = this;
    this.pending = undefined;
    pending?.reject(canceled('The port was closed.'));
  }

  async update(options: UpdateOptions): Promise<void> {
    this.checkOpen();
    this.openOptions.baudRate = options.baudRate;
    this.wire.setBaud(options.baudRate);
  }

  /** The board has no modem lines. */
  async set(_options: SetOptions): Promise<void> {
    this.checkOpen();
  }

  async get(): Promise<PortStatus> {
    this.checkOpen();
    return { cts: true, dsr: true, dcd: true };
  }

  async getBaudRate(): Promise<{ baudRate: number }> {
    this.checkOpen();
    return { baudRate: this.openOptions.baudRate };
  }

  async flush(): Promise<void> {
    this.checkOpen();
    this.forget();
  }

  async drain(): Promise<void> {
    this.checkOpen();
    await this.sending;
  }

  private arrived(bytes: Uint8Array): void {
    if (this.buffered + bytes.length > RECEIVE_BYTES_MAX) {
      this.droppedBytes += bytes.length;
      return;
    }
    this.chunks.push(bytes);
    this.buffered += bytes.length;
    this.satisfy();
  }

  private satisfy(): void {
    const { pending } = this;
    const chunk = this.chunks[0];
    if (pending === undefined || chunk === undefined) return;
    this.pending = undefined;
    const bytesRead = Math.min(chunk.length, pending.length);
    pending.buffer.set(chunk.subarray(0, bytesRead), pending.offset);
    if (bytesRead === chunk.length) this.chunks.shift();
    else this.chunks[0] = chunk.subarray(bytesRead);
    this.buffered -= bytesRead;
    pending.resolve({ buffer: pending.buffer, bytesRead });
  }

  private forget(): void {
    this.chunks.length = 0;
    this.buffered = 0;
  }

  private checkOpen(): void {
    if (!this.isOpen) throw canceled('The port is not open.');
  }
}

/** @param wires by name: `{pico: line}` is the port `emulated:pico` */
export function emulatedBinding(wires: Readonly<Record<string, Wire>>): BindingInterface<EmulatedPort> {
  const unknown = undefined;
  return {
    async list(): Promise<PortInfo[]> {
      return Object.keys(wires).map((name) => ({
        path: EMULATED_PREFIX + name,
        manufacturer: 'Tautline emulator',
        serialNumber: unknown,
        pnpId: unknown,
        locationId: unknown,
        productId: unknown,
        vendorId: unknown,
      }));
    },
    async open(options: OpenOptions): Promise<EmulatedPort> {
      const name = options.path.startsWith(EMULATED_PREFIX) ? options.path.slice(EMULATED_PREFIX.length) : '';
      const wire = Object.hasOwn(wires, name) ? wires[name]! : undefined;
      if (wire === undefined) {
        const known = Object.keys(wires).map((known) => EMULATED_PREFIX + known);
        throw new Error(`No such emulated port "${options.path}". There are: ${known.join(', ')}.`);
      }
      if (wire.connected)
        throw new Error(`The emulated port "${options.path}" is already open: close the other one first.`);
      return new EmulatedPort(wire, options);
    },
  };
}

/** An error that `SerialPortStream` does not take for a disconnection. */
function canceled(message: string): Error {
  return Object.assign(new Error(message), { canceled: true });
}
