/** The trace as one more consumer of the bridge's rings. */
import type { MessagePort } from 'node:worker_threads';
import type { Feed } from '../feed/feed.js';
import { type RingReader, readRings } from '../feed/outlet-reader.js';
import { bridgeConfig } from './bridge-config.js';
import type { Trace } from './trace.js';

export interface TraceReaderOptions {
  readonly feed: Feed;
  /** Of the board, as in the settings. */
  readonly path: string;
  readonly trace: Trace;
  /** Number in both rings that nobody else has. */
  readonly consumer: number;
  readonly port: MessagePort;
}

export function readTrace({ feed, path, trace, consumer, port }: TraceReaderOptions): RingReader {
  const start = {
    consumer,
    feed: feed.frames.ring.memory,
    events: feed.events.ring.memory,
    feedCursor: 0,
    eventsCursor: 0,
    texts: [],
    config: bridgeConfig(path),
    epoch: '00000000',
    startedUtcUs: 0,
  } as const;
  return readRings(start, trace.handlers, port);
}
