/**
 * One open port, as the rest of the host uses it: bytes in, bytes out, a proof of emptiness, a close that ends.
 * `SerialPort` of the public package opens, configures and locks; on Linux the bytes take the low-latency way, elsewhere
 * (and for boards that live in this process) its stream interface.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BindingInterface, LinuxSetOptions } from '@serialport/bindings-cpp';
import { SerialPort } from 'serialport';
import { stampArrival } from '../host-clock.js';
import type { ReceiveSink } from './fast-reader.js';
import { isLowLatencySupported, LowLatencyPort, lowLatencyBinding } from './low-latency-binding.js';

export interface SerialIo {
  readonly path: string;
  /** Whether the driver took the low-latency setting; many have none. */
  readonly lowLatency: boolean;
  /** Starts receiving. Call once. */
  receive(sink: ReceiveSink): void;
  /** Sends or queues all of `bytes`; false when they were refused (queue full, port dead). */
  send(bytes: Uint8Array): boolean;
  /** One non-blocking read: 0 proves silence, > 0 bytes were delivered to the sink, -1 proves nothing. */
  drainNow(): number;
  /**
   * Lets DTR and RTS go for so long and raises them again: the edge that resets an Arduino.
   * @throws Error as serialport says it: pseudo-terminals have no such lines (ENOTTY)
   */
  pulseDtr(lowMs: number): Promise<void>;
  /** Resolves when the port is closed, or after `timeoutMs`: a driver can hang in close. Never rejects; false when it hung. */
  close(timeoutMs: number): Promise<boolean>;
  /** The driver has not come back from closing it, also when nobody waits any more. */
  readonly isClosing: boolean;
  readonly counters: SerialCounters;
}

export interface SerialCounters {
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly refusedMessages: number;
  readonly queuedBytesMax: number;
}

export interface SerialOptions {
  readonly path: string;
  readonly baud: number;
  /** Drop DTR on close: then the next open raises it, which resets an Arduino. Default false. */
  readonly hupcl?: boolean;
  /** Instead of the platform's: boards in this process. */
  readonly binding?: BindingInterface;
}

export type OpenSerial = (options: SerialOptions) => Promise<SerialIo>;

/** Most that may wait in the stream interface's own queue. */
const STREAM_QUEUE_BYTES = 8192;

/** Opens a port. Rejects with what serialport says: `toPortError` makes sense of it. */
export const openSerial: OpenSerial = async ({ path, baud, hupcl = false, binding }) => {
  const chosen = binding ?? (isLowLatencySupported ? lowLatencyBinding : SerialPort.binding);
  const settings = { path, baudRate: baud, hupcl, autoOpen: false, binding: chosen };
  // SerialPort takes a binding at run time; its type leaves the option to SerialPortStream.
  const port = new SerialPort(settings as ConstructorParameters<typeof SerialPort>[0]);
  port.on('error', () => {}); // every failure also reaches a callback or `close`; an unheard event would end the process
  await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
  const lowLatency = await setLowLatency(port);
  const fast: unknown = port.port;
  return fast instanceof LowLatencyPort ? new FastIo(port, fast, lowLatency) : new StreamIo(port, lowLatency);
};

/** FTDI adapters hold bytes up to 16 ms without it. Drivers that have no such setting refuse, which is no fault. */
function setLowLatency(port: SerialPort): Promise<boolean> {
  // Sets DTR and RTS too: as opening left them. `lowLatency` is an option of the Linux binding alone, so not in the type.
  const options: LinuxSetOptions = { lowLatency: true, dtr: true, rts: true };
  return new Promise((resolve) => port.set(options, (error) => resolve(!error)));
}

async function pulseDtr(port: SerialPort, lowLatency: boolean, lowMs: number): Promise<void> {
  // Every call sets all three: what it leaves out would go back to its default.
  const set = (isHigh: boolean) => {
    const options: LinuxSetOptions = { dtr: isHigh, rts: isHigh, lowLatency };
    return new Promise<void>((resolve, reject) => port.set(options, (error) => (error ? reject(error) : resolve())));
  };
  await set(false);
  await sleep(lowMs);
  await set(true);
}

/** Closes within the time, or gives up waiting. */
function boundedClose(port: SerialPort, timeoutMs: number): Promise<boolean> {
  if (!port.isOpen) return Promise.resolve(true);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs);
    port.close(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

/** The stream interface of `SerialPort`: on this binding still without the thread pool where that is the low-latency one. */
function receiveByStream(port: SerialPort, sink: ReceiveSink, onBytes: (count: number) => void): void {
  const arrival = { arrivalUs: Number.NaN };
  port.on('data', (bytes: Buffer) => {
    stampArrival(arrival);
    onBytes(bytes.length);
    sink.chunk(bytes, arrival);
  });
  port.on('close', (cause: Error | null) => {
    if (cause) sink.hangup(cause);
  });
}

class FastIo implements SerialIo {
  readonly path: string;
  #streamBytes = 0;

  constructor(
    private readonly port: SerialPort,
    private readonly fast: LowLatencyPort,
    readonly lowLatency: boolean,
  ) {
    this.path = port.path;
  }

  get counters(): SerialCounters {
    return { readBytes: (this.fast.reader?.readBytes ?? 0) + this.#streamBytes, ...this.fast.writes.counters };
  }

  receive(sink: ReceiveSink): void {
    try {
      this.fast.receive(sink);
    } catch {
      // The device cannot be opened a second time (exclusive, or no /proc): slower, and without proof of silence.
      receiveByStream(this.port, sink, (count) => {
        this.#streamBytes += count;
      });
    }
  }

  send(bytes: Uint8Array): boolean {
    return this.fast.writes.send(bytes);
  }

  drainNow(): number {
    return this.fast.reader?.drainNow() ?? -1;
  }

  pulseDtr(lowMs: number): Promise<void> {
    return pulseDtr(this.port, this.lowLatency, lowMs);
  }

  close(timeoutMs: number): Promise<boolean> {
    return boundedClose(this.port, timeoutMs);
  }

  get isClosing(): boolean {
    return this.port.closing;
  }
}

class StreamIo implements SerialIo {
  readonly path: string;
  readonly counters = { readBytes: 0, writtenBytes: 0, refusedMessages: 0, queuedBytesMax: 0 };

  constructor(
    private readonly port: SerialPort,
    readonly lowLatency: boolean,
  ) {
    this.path = port.path;
  }

  receive(sink: ReceiveSink): void {
    receiveByStream(this.port, sink, (count) => {
      this.counters.readBytes += count;
    });
  }

  send(bytes: Uint8Array): boolean {
    const queued = this.port.writableLength;
    if (!this.port.isOpen || queued + bytes.length > STREAM_QUEUE_BYTES) {
      this.counters.refusedMessages++;
      return false;
    }
    // A copy: the stream keeps the chunk until it is written, the caller reuses its buffer.
    this.port.write(Buffer.from(bytes));
    this.counters.writtenBytes += bytes.length;
    this.counters.queuedBytesMax = Math.max(this.counters.queuedBytesMax, queued + bytes.length);
    return true;
  }

  /** The stream interface cannot look at the port without waiting. */
  drainNow(): number {
    return -1;
  }

  pulseDtr(lowMs: number): Promise<void> {
    return pulseDtr(this.port, this.lowLatency, lowMs);
  }

  close(timeoutMs: number): Promise<boolean> {
    return boundedClose(this.port, timeoutMs);
  }

  get isClosing(): boolean {
    return this.port.closing;
  }
}
