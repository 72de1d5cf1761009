/**
 * A binding for the real `SerialPort` whose reads and writes never pass through libuv's thread pool: with all four pool
 * threads busy (DNS, file system), stock reads and writes wait for them. Opening, settings, lock, flush, drain and close
 * are those of `@serialport/bindings-cpp`. Linux only: elsewhere use the stock binding.
 *
 * `receive` is the fast way (see fast-reader.ts); `read` and `write` serve the stream interface of `SerialPort`, so that
 * a parser can be piped to it. Use one of the two.
 */
import { readSync } from 'node:fs';
import {
  type BindingInterface,
  type BindingPortInterface,
  BindingsError,
  LinuxBinding,
  type LinuxOpenOptions,
  type LinuxPortBinding,
  type LinuxSetOptions,
  type PortStatus,
  type UpdateOptions,
} from '@serialport/bindings-cpp';
import { FastReader, type ReceiveSink } from './fast-reader.js';
import { WriteQueue } from './write-queue.js';

/** uv_poll's flags. serialport's poller forgets a flag that a later `poll` does not repeat: always ask for all. */
const UV_READABLE = 1;
const UV_WRITABLE = 2;

type Ready = (error: Error | null) => void;

const canceled = () => new BindingsError('Port is not open', { canceled: true });

export class LowLatencyPort implements BindingPortInterface {
  readonly writes: WriteQueue;
  reader: FastReader | null = null;
  #sink: ReceiveSink | null = null;
  #readable: Ready | null = null;
  readonly #writable: Ready[] = [];

  constructor(private readonly inner: LinuxPortBinding) {
    inner.poller.on('readable', (error: Error | null) => {
      const ready = this.#readable;
      this.#readable = null;
      ready?.(error);
      this.#poll();
    });
    inner.poller.on('writable', (error: Error | null) => {
      for (const ready of this.#writable.splice(0)) ready(error);
      this.#poll();
    });
    this.writes = new WriteQueue(
      this.#fd(),
      (ready) => this.#onceWritable(ready),
      (error) => this.#hangup(error),
    );
  }

  get openOptions(): Required<LinuxOpenOptions> {
    return this.inner.openOptions;
  }

  get isOpen(): boolean {
    return this.inner.isOpen;
  }

  /** Starts the fast read; chunks and the hangup go to `sink`. Throws when the device cannot be opened once more. */
  receive(sink: ReceiveSink): FastReader {
    this.reader = new FastReader(this.#fd(), {
      chunk: (bytes, arrival) => sink.chunk(bytes, arrival),
      hangup: (cause) => this.#hangup(cause),
    });
    this.#sink = sink;
    return this.reader;
  }

  async read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> {
    for (;;) {
      await new Promise<void>((resolve, reject) => {
        if (!this.isOpen) return reject(canceled());
        this.#readable = (error) => (error === null ? resolve() : reject(error));
        this.#poll();
      });
      if (!this.isOpen) throw canceled();
      try {
        const bytesRead = readSync(this.#fd(), buffer, offset, length, null);
        if (bytesRead > 0) return { buffer, bytesRead };
        throw Object.assign(new Error('end of file: the terminal was hung up'), { disconnect: true });
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'EAGAIN' && code !== 'EINTR') throw error;
      }
    }
  }

  async write(buffer: Buffer): Promise<void> {
    for (let sent = 0; sent < buffer.length; ) {
      if (!this.isOpen) throw canceled();
      const part = buffer.subarray(sent, sent + this.writes.freeBytes);
      if (part.length > 0 && this.writes.send(part)) sent += part.length;
      if (this.writes.queuedBytes > 0) await this.#writableAgain();
      else if (part.length === 0) throw new Error('the port takes no more bytes');
    }
  }

  async close(): Promise<void> {
    this.reader?.close();
    this.writes.stop();
    await this.inner.close();
  }

  update(options: UpdateOptions): Promise<void> {
    return this.inner.update(options);
  }

  set(options: LinuxSetOptions): Promise<void> {
    return this.inner.set(options);
  }

  get(): Promise<PortStatus> {
    return this.inner.get();
  }

  getBaudRate(): Promise<{ baudRate: number }> {
    return this.inner.getBaudRate();
  }

  flush(): Promise<void> {
    return this.inner.flush();
  }

  drain(): Promise<void> {
    return this.inner.drain();
  }

  #fd(): number {
    if (this.inner.fd === null) throw canceled();
    return this.inner.fd;
  }

  /** A reader and a writer both notice that the device has gone: say it once. */
  #hangup(cause: Error): void {
    const sink = this.#sink;
    this.#sink = null;
    this.reader?.close();
    this.writes.stop();
    sink?.hangup(cause);
  }

  #onceWritable(ready: Ready): void {
    this.#writable.push(ready);
    this.#poll();
  }

  #writableAgain(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onceWritable((error) => (error === null ? resolve() : reject(error)));
    });
  }

  #poll(): void {
    const flags = (this.#readable === null ? 0 : UV_READABLE) | (this.#writable.length === 0 ? 0 : UV_WRITABLE);
    if (flags !== 0 && this.isOpen) this.inner.poller.poll(flags);
  }
}

export const lowLatencyBinding: BindingInterface<LowLatencyPort, LinuxOpenOptions> = {
  list: () => LinuxBinding.list(),
  async open(options) {
    return new LowLatencyPort((await LinuxBinding.open(options)) as LinuxPortBinding);
  },
};

export const isLowLatencySupported = process.platform === 'linux';
