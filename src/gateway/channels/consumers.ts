/** What clients got too late, or not at all, through their own fault: counted as theirs. */
import type { FrameBatch } from '../frame-batch.js';
import type { ClientInfo } from '../phoenix/channel.js';
import type { BoardState } from '../state.js';
import type { SentBatch } from './sent-batches.js';
import type { TopicContext } from './topic.js';

/** A client was over its bound. */
export function notDelivered({ state, delivery }: TopicContext, board: string, client: ClientInfo, batch: FrameBatch) {
  const boardState = state.boards.get(board);
  if (boardState === undefined) return;
  const late = { board, client: labelOf(client), culprit: 'consumer', outletUs: null, consumerUs: null } as const;
  batch.rowsByStream((stream, rows) => {
    delivery.misses.add({ ...late, stream: streamName(boardState, stream) }, rows);
  });
}

/**
 * @param paintedUs receipt to paint, as the client says
 * @param roundUs written to acknowledged: what it cannot exceed
 */
export function acknowledged(
  { state, delivery }: TopicContext,
  board: string,
  client: ClientInfo,
  paintedUs: number,
  roundUs: number,
  { outletUs, streams }: SentBatch,
): void {
  const boardState = state.boards.get(board);
  const consumerUs = Math.min(paintedUs, roundUs);
  delivery.stages.consumer.add(consumerUs);
  for (const { id, name } of boardState?.streams ?? []) {
    if ((streams & (1 << id)) === 0) continue;
    const budgetUs = boardState!.contracts[name]?.delivery.consumerUs || Number.POSITIVE_INFINITY;
    if (roundUs <= budgetUs) continue;
    // Between the two the way back of the acknowledgement may be what took so long.
    const culprit = consumerUs > budgetUs ? 'consumer' : 'indeterminate';
    const late = { board, stream: name, client: labelOf(client), culprit, outletUs, consumerUs: roundUs } as const;
    delivery.misses.add(late);
  }
}

export const streamName = (board: BoardState, stream: number): string => board.stream(stream)?.name ?? String(stream);

/** Who a client is for a person: what it calls itself, and where it is. */
const labelOf = ({ name, address }: ClientInfo): string => `${name} ${address}`.trim();
