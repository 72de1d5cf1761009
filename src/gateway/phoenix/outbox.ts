import { frameText } from './packet.js';

/** What an outbox needs of a connection. */
export interface Wire {
  /** Bytes that were written and that the kernel has not taken yet. */
  readonly bufferedBytes: number;
  /** One system call for all packets where it can. */
  write(packets: readonly Uint8Array[]): void;
  /** Ends the connection with a WebSocket close code and reason; gives up on a peer that does not read it. */
  close(code: number, reason: string): void;
}

/** Past this many unread bytes a client gets no more lossy data until it has read. */
export const SOFT_BOUND_BYTES = 64 * 1024;
/** Past this many, all in control messages, it is cut. */
export const HARD_BOUND_BYTES = 512 * 1024;
/** What is collected before it is written ahead of the flush. */
const WRITE_AHEAD_BYTES = 32 * 1024;

/** Close codes of ours (4000-4999 are free for applications). */
export const closeCodes = {
  tooSlow: 4008,
  tooManyMessages: 4029,
  malformed: 4400,
  silent: 4408,
  stopping: 1001,
} as const;

export interface OutboxCounters {
  writes: number;
  bytes: number;
  /** Lossy messages that a slow reader was not sent. */
  conflated: number;
  cut: number;
}

/**
 * What goes to one client. Control (replies, presence, alarms) is never dropped and goes first; data (frames, states)
 * is lossy. Both are collected and written once per flush: the system call is what a message costs.
 */
export class Outbox {
  private readonly controls: Uint8Array[] = [];
  private readonly data: Uint8Array[] = [];
  private pendingBytes = 0;
  private closed = false;

  constructor(
    private readonly wire: Wire,
    private readonly counters: OutboxCounters,
    /** Called when the outbox has something to flush. */
    private readonly touch: (outbox: Outbox) => void,
  ) {}

  /** Bytes that the client has not been able to take. */
  get backlogBytes(): number {
    return this.wire.bufferedBytes + this.pendingBytes;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** A control message as text. Cuts the client when it is over the hard bound. */
  control(text: string): void {
    this.controlPacket(frameText(text));
  }

  /** A control message that was framed once for all clients. */
  controlPacket(packet: Uint8Array): void {
    if (this.closed) return;
    if (this.backlogBytes + packet.length > HARD_BOUND_BYTES) {
      this.counters.cut++;
      this.close(closeCodes.tooSlow, `did not read: ${this.backlogBytes} bytes wait, ${HARD_BOUND_BYTES} are allowed`);
      return;
    }
    this.add(this.controls, packet);
  }

  /** A framed data message. @returns false when the client is over its soft bound: it was not taken. */
  offer(packet: Uint8Array): boolean {
    if (this.closed) return false;
    if (this.pendingBytes > WRITE_AHEAD_BYTES) this.flush();
    const backlog = this.backlogBytes;
    // A packet larger than the bound must pass when nothing waits, or it never would.
    if (backlog > 0 && backlog + packet.length > SOFT_BOUND_BYTES) {
      this.counters.conflated++;
      return false;
    }
    this.add(this.data, packet);
    return true;
  }

  private add(queue: Uint8Array[], packet: Uint8Array): void {
    queue.push(packet);
    if (this.pendingBytes === 0) this.touch(this);
    this.pendingBytes += packet.length;
  }

  flush(): void {
    if (this.pendingBytes === 0 || this.closed) return;
    const packets = this.controls.length === 0 ? this.data : this.controls.concat(this.data);
    this.counters.writes++;
    this.counters.bytes += this.pendingBytes;
    this.pendingBytes = 0;
    this.wire.write(packets);
    this.controls.length = 0;
    this.data.length = 0;
  }

  /** Writes what is there, then ends the connection. */
  close(code: number, reason: string): void {
    if (this.closed) return;
    this.flush();
    this.closed = true;
    this.wire.close(code, reason);
  }

  /** The connection is gone. */
  discard(): void {
    this.closed = true;
    this.pendingBytes = 0;
    this.controls.length = 0;
    this.data.length = 0;
  }
}

/** The outboxes with something to send; emptied at the end of every ring batch, timer and message. */
export class Flusher {
  private dirty: Outbox[] = [];
  private spare: Outbox[] = [];

  readonly touch = (outbox: Outbox): void => {
    this.dirty.push(outbox);
  };

  flush(): void {
    const dirty = this.dirty;
    this.dirty = this.spare;
    for (const outbox of dirty) outbox.flush();
    dirty.length = 0;
    this.spare = dirty;
  }
}
