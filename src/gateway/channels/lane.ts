import { culprits, verdicts } from '../../deadline/verdict.js';
import type { FrameRecord } from '../../feed/frame.js';
import { bootText, known } from '../../messages/json-values.js';
import { columnIndex, FIXED_COLUMNS } from '../../sdk/columns.js';
import { broadcastHeader } from '../../sdk/phoenix/serializer.js';
import { BATCH_ROWS_MAX, FrameBatch, type FrameGroup } from '../frame-batch.js';
import { broadcastText, openBinary } from '../phoenix/packet.js';
import type { BoardState } from '../state.js';

export type FramesEncoding = 'json' | 'binary';

/** Encodes batches of frames of one topic into framed packets. */
export class FramesEncoder {
  private readonly header: Uint8Array;
  private readonly epochNumber: number;

  constructor(
    private readonly topic: string,
    private readonly epoch: string,
  ) {
    this.header = broadcastHeader(topic, 'frames');
    this.epochNumber = Number.parseInt(epoch, 16) >>> 0;
  }

  encode(batch: FrameBatch, encoding: FramesEncoding, board: BoardState | undefined, sentUtcUs: number): Uint8Array {
    return encoding === 'binary' ? this.encodeBinary(batch, sentUtcUs) : this.encodeJson(batch, board, sentUtcUs);
  }

  private encodeBinary(batch: FrameBatch, sentUtcUs: number): Uint8Array {
    const packet = openBinary(this.header, batch.bytes);
    batch.write(packet, this.epochNumber, sentUtcUs);
    return packet;
  }

  private encodeJson(batch: FrameBatch, board: BoardState | undefined, sentUtcUs: number): Uint8Array {
    const frames: unknown[] = [];
    batch.visit((group, row) => frames.push(rowMessage(group, row, board, sentUtcUs)));
    const payload = { epoch: this.epoch, offset: batch.toOffset, sentUtcUs, frames };
    return broadcastText(this.topic, 'frames', payload);
  }
}

function rowMessage(group: FrameGroup, row: number, board: BoardState | undefined, sentUtcUs: number): unknown {
  const stream = board?.streamOf(group.boot, group.stream);
  const at = (column: number) => group.columns[column * BATCH_ROWS_MAX + row]!;
  const status = group.status[row]!;
  const values: Record<string, number | null> = {};
  for (let i = 0; i < group.signals; i++)
    values[stream?.signals[i]?.name ?? `value${i}`] = known(at(FIXED_COLUMNS + i));
  return {
    stream: stream?.name ?? String(group.stream),
    boot: bootText(group.boot),
    seq: known(at(columnIndex.seq)),
    releaseUs: known(at(columnIndex.releaseUs)),
    utcUs: known(at(columnIndex.utcUs)),
    ageUs: known(sentUtcUs - at(columnIndex.utcUs)),
    lifespanUs: group.lifespanUs,
    latenessUs: known(at(columnIndex.latenessUs)),
    uncertaintyUs: known(at(columnIndex.uncertaintyUs)),
    verdict: verdicts[status & 0xff] ?? 'unknown',
    culprit: culprits[(status >> 8) & 0xff] ?? 'unknown',
    flags: (status >> 16) & 0xff,
    values,
  };
}

/** Who takes part in a lane. */
export interface LaneMember {
  readonly encoding: FramesEncoding;
  /** One packet for everybody with this encoding. */
  deliver(packet: Uint8Array, batch: FrameBatch, sentUs: number): void;
}

/** Members of one board that are served together: each batch is encoded once per encoding in use. */
export class Lane<Member extends LaneMember> {
  readonly members = new Set<Member>();
  readonly batch = new FrameBatch();

  constructor(private readonly encoder: FramesEncoder) {}

  /** @returns true when it must be flushed before the next frame */
  add(frame: FrameRecord, offset: number, nextOffset: number, utcOffsetUs: number): boolean {
    this.batch.add(frame, offset, nextOffset, utcOffsetUs);
    return this.batch.isFull;
  }

  flush(board: BoardState | undefined, nowUs: number, utcOffsetUs: number): void {
    let json: Uint8Array | undefined;
    let binary: Uint8Array | undefined;
    for (const member of this.members) {
      if (member.encoding === 'binary') {
        binary ??= this.encoder.encode(this.batch, 'binary', board, nowUs + utcOffsetUs);
        member.deliver(binary, this.batch, nowUs);
      } else {
        json ??= this.encoder.encode(this.batch, 'json', board, nowUs + utcOffsetUs);
        member.deliver(json, this.batch, nowUs);
      }
    }
    this.batch.clear();
  }
}
