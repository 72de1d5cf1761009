import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { dataFlags } from '../codec/schema.js';
import { culprits, verdicts } from '../deadline/verdict.js';
import { createHealthRecord, createStatsRecord } from '../feed/events.js';
import { linkStates } from '../feed/slot.js';
import { STATE_RATE_DEFAULT_HZ, STATE_RATES_HZ } from './channels/board-topic.js';
import { BATCH_MS, IMMEDIATE_MAX } from './channels/frames-hub.js';
import { CLIENTS_MAX } from './clients.js';
import { healthMessage, statsMessage } from './messages.js';
import { closeCodes, HARD_BOUND_BYTES, SOFT_BOUND_BYTES } from './phoenix/outbox.js';
import { MESSAGES_BURST, MESSAGES_PER_SECOND, SILENCE_MAX_US, TOPICS_MAX } from './phoenix/socket.js';
import { socketLimits } from './socket-route.js';
import { BoardState } from './state.js';

/** Without the breaks of its lines. */
const text = readFileSync(new URL('../../docs/socket-protocol.md', import.meta.url), 'utf8').replace(/\s+/g, ' ');
const coded = (names: readonly string[]) => names.map((name, code) => `${code} ${name}`).join(', ');

test.each([
  `Verdicts: ${coded(verdicts)}.`,
  `Culprits: ${coded(culprits)}.`,
  `Flags: ${Object.entries(dataFlags)
    .map(([name, bit]) => `${bit} ${name}`)
    .join(', ')}.`,
  `${linkStates.map((name) => `\`${name}\``).join(', ')})`,
  `the next of ${STATE_RATES_HZ.join(', ')} is taken (default ${STATE_RATE_DEFAULT_HZ})`,
  `batches of some ${BATCH_MS} ms`,
  `up to ${IMMEDIATE_MAX} subscribers`,
  `| ${socketLimits.maxPayload / 1024} KiB, ${socketLimits.maxFragments} fragments |`,
  `| ${MESSAGES_PER_SECOND} a second, ${MESSAGES_BURST} at once | closed, ${closeCodes.tooManyMessages} |`,
  `| topics of a client | ${TOPICS_MAX} |`,
  `| ${SILENCE_MAX_US / 1e6} s | closed, ${closeCodes.silent} |`,
  `| clients | ${CLIENTS_MAX} | 503 |`,
  `| ${SOFT_BOUND_BYTES / 1024} KiB | not sent`,
  `| ${HARD_BOUND_BYTES / 1024} KiB | closed, ${closeCodes.tooSlow} |`,
  `closes the connection with ${closeCodes.malformed}; a bridge that stops, with ${closeCodes.stopping}.`,
])('the document says what the code does: %s', (claim) => {
  expect(text).toContain(claim);
});

test('the document has each field of health and stats', () => {
  const [, section] = text.split('### Health and stats ');
  const rows = section!.split(' ## ')[0]!.matchAll(/\| (`[^|]+`) \|/g);
  const board = { type: 'board', index: 0, id: 'pico', path: '', descriptor: null, boot: '0', contracts: {} } as const;
  const state = Object.assign(new BoardState(board, undefined), { health: createHealthRecord() });
  expect([...rows].flatMap(([, cell]) => cell!.replaceAll('`', '').split(', '))).toEqual([
    ...['health', ...Object.keys(healthMessage(state, 0)!)],
    ...['stats', ...Object.keys(statsMessage(createStatsRecord()))],
  ]);
});
