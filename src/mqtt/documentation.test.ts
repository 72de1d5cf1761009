import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { causeCode } from '../deadline/cause.js';
import { controlContract, sampleFrame, settledMonitor } from '../deadline/model/stream.js';
import { BoardPolicy } from '../deadline/policy.js';
import { culpritCode, verdictCode } from '../deadline/verdict.js';
import { createMissRecord, type MissRecord } from '../feed/events.js';
import { limits } from './broker.js';
import { boardText, freshFrame, lateMiss } from './broker.rig.js';
import { ROWS_MAX } from './frames.js';
import { PENDING_BYTES_MAX } from './outbound.js';
import { Bench } from './publisher.rig.js';
import { WINDOW_MAX } from './window.js';

const text = readFileSync(new URL('../../docs/mqtt-topics.md', import.meta.url), 'utf8');

/** The fenced examples by what follows `topic=`. */
const examples = new Map(
  [...text.matchAll(/```json topic=(.+)\n([^`]+)```/g)].map(([, name, json]) => [name!, JSON.parse(json!)]),
);

/** The alarm of a stream of which 11 frames in a row come too late. */
function degraded(): { readonly id: string; readonly active: boolean; readonly text: string } {
  const { monitor } = settledMonitor(0, 0, controlContract);
  const alarms: ReturnType<typeof degraded>[] = [];
  const policy = new BoardPolicy({ safe: () => {}, alarm: (id, active, text) => alarms.push({ id, active, text }) });
  policy.opened(0);
  policy.guard(1, 'control', monitor);
  for (let seq = 1; alarms.length === 0 && seq < 1e4; seq++) {
    const releaseUs = seq * 1000;
    const arrivalUs = releaseUs + (seq < 5000 ? 600 : 15_000);
    policy.judged(1, monitor.judge(sampleFrame({ seq, releaseUs, arrivalUs }), { judgedUs: arrivalUs + 10 }));
  }
  return alarms[0]!;
}

/** Frames of 1 kHz that are missing between two that came. As `MissReporter` fills it: no segments, no lateness, no uncertainty. */
function gap(firstSeq: number, lastSeq: number, nowUs: number): MissRecord {
  const count = lastSeq - firstSeq + 1;
  return Object.assign(createMissRecord(), {
    ...{ verdict: verdictCode.lost, culprit: culpritCode.link, boot: 0x0bad_cafe, isGap: true, hasEvidence: true },
    ...{ cause: causeCode['bytes corrupted'], skippedDelta: 0, droppedDelta: 0, corruptBytes: 358 },
    ...{ firstSeq, lastSeq, count, fromUs: nowUs - (count + 1) * 1000, toUs: nowUs },
  });
}

/** One run that publishes each kind of message once. */
function published(): Bench {
  const bench = new Bench();
  bench.nowUs = 1e9;
  bench.publisher.text(boardText);
  bench.up();
  bench.publisher.frame(freshFrame(7, bench.nowUs + 1000), 0);
  bench.nowUs += 1000;
  bench.publisher.batchEnd();
  bench.publisher.miss(lateMiss(8, bench.nowUs));
  bench.publisher.miss(gap(9, 18, bench.nowUs));
  bench.publisher.text({ type: 'alarm', board: 'pico', ...degraded(), sinceUtcUs: 1.7e15 });
  bench.publisher.text({
    ...{ type: 'delivery-miss', board: 'pico', stream: 'control', outlet: 'gateway', client: 'dashboard 127.0.0.1' },
    ...{ culprit: 'consumer', count: 12, outletUs: 800, consumerUs: 250_000, utcUs: 1.7e15 },
  });
  bench.publisher.batchEnd();
  bench.nowUs = bench.publisher.dueUs();
  bench.publisher.tick();
  return bench;
}

const bench = published();

test('the examples are there', () => {
  expect(examples.size).toBe(7);
});

test.each([...examples.keys()])('%s is published as the document shows it', (name) => {
  const [topic, which] = name.split(' ');
  const messages = bench.on(topic!);
  const message = which === undefined ? messages[0] : which === 'gap' ? messages[1] : messages.at(-1);
  expect(JSON.parse(message!)).toEqual(examples.get(name));
});

test('every topic that is published stands in the table, with its QoS and whether it is retained', () => {
  const rows = [...text.matchAll(/^\| `(tautline[^`]+)` \| (\d|–) \| (yes|no|–) \|/gm)];
  expect(rows.length).toBeGreaterThan(8);
  for (const { topic, qos, retain } of bench.packets) {
    const row = rows.find(([, pattern]) => new RegExp(`^${pattern!.replace(/<\w+>/g, '[^/]+')}$`).test(topic));
    expect(row?.slice(2, 4), topic).toEqual([String(qos), retain ? 'yes' : 'no']);
  }
});

test('the bounds that it names are those of the code', () => {
  const kib = (bytes: number) => `${bytes / 1024} KiB`;
  expect(text).toContain(`more than ${kib(PENDING_BYTES_MAX)} wait in the socket`);
  expect(text).toContain(`Receive Maximum, ${WINDOW_MAX})`);
  expect(text).toContain(`at most ${ROWS_MAX})`);
  expect(text).toContain(`at most ${limits.connections} connections, ${kib(limits.packetBytes)} a packet`);
});
