import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Channel, Router } from './channel.js';
import { closeCodes, Flusher, Outbox } from './outbox.js';
import { MESSAGES_BURST, PhoenixSocket, SILENCE_MAX_US } from './socket.js';

/** A socket whose topics `t…` exist; counts what joins and leaves. */
function create() {
  const sent: string[] = [];
  let closed: number | undefined;
  const wire = {
    bufferedBytes: 0,
    write: (packets: readonly Uint8Array[]) => {
      for (const packet of packets) sent.push(textOf(packet));
    },
    close: (code: number) => {
      closed = code;
    },
  };
  const bugs: unknown[] = [];
  const present = new Set<Channel>();
  const route: Router = ({ topic }) => {
    if (!topic.startsWith('t')) return { ok: false, response: { reason: 'unmatched topic' } };
    const channel: Channel = {
      push: (event) => {
        if (event === 'throw') throw new Error('planted');
        return event === 'silent' ? undefined : { status: 'ok', response: {} };
      },
      joined: () => present.add(channel),
      left: () => {
        expect(present.delete(channel)).toBe(true);
      },
    };
    return { ok: true, channel, response: {} };
  };
  const flusher = new Flusher();
  const outbox = new Outbox(wire, { writes: 0, bytes: 0, conflated: 0, cut: 0 }, flusher.touch);
  const client = { id: 1, address: '127.0.0.1', name: 'anonymous' };
  const socket = new PhoenixSocket(
    client,
    outbox,
    route,
    (bug) => bugs.push(bug),
    () => flusher.flush(),
    0,
  );
  const receive = (data: string | Uint8Array, nowUs = 0) => {
    socket.receive(data, nowUs);
    flusher.flush();
  };
  return { socket, receive, sent, present, bugs, closed: () => closed };
}

function textOf(packet: Uint8Array): string {
  const length = packet[1]!;
  return Buffer.from(packet.subarray(length < 126 ? 2 : 4)).toString();
}

const anyRef = fc.constantFrom(null, '1', '2');
const anyMessage = fc.tuple(
  anyRef,
  anyRef,
  fc.constantFrom('t1', 't2', 'u', 'phoenix', '__proto__'),
  fc.constantFrom('phx_join', 'phx_leave', 'heartbeat', 'push', 'silent', 'throw', 'phx_close', 'constructor'),
  fc.constantFrom<unknown>({}, { a: 1 }, null, 'x', []),
);

test('whatever a client says in whatever order, every join is left once, and every ref is answered', () => {
  fc.assert(
    fc.property(fc.array(anyMessage, { maxLength: 60 }), (messages) => {
      const bench = create();
      for (const message of messages) {
        const before = bench.sent.length;
        bench.receive(JSON.stringify(message));
        const replies = bench.sent
          .slice(before)
          .map((text) => JSON.parse(text))
          .filter(([, , , event]) => event === 'phx_reply');
        const [joinRef, ref, topic, event] = message;
        expect(replies.every((reply) => reply[0] === joinRef && reply[1] === ref && reply[2] === topic)).toBe(true);
        if (ref === null) expect(replies).toHaveLength(0);
        else if (event !== 'silent') expect(replies).toHaveLength(1);
      }
      expect(bench.present.size).toBe(bench.socket.topics);
      bench.socket.ended();
      expect(bench.present.size).toBe(0);
      expect(bench.closed()).toBeUndefined();
      expect(bench.bugs.every((bug) => (bug as Error).message === 'planted')).toBe(true);
    }),
  );
});

test('any bytes and any text are answered or end the connection, without a throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), fc.uint8Array({ maxLength: 80 })), (data) => {
      const bench = create();
      bench.receive(data);
      expect([undefined, closeCodes.malformed]).toContain(bench.closed());
    }),
  );
});

test('a client may send its burst, then is cut; one that keeps to the rate is not', () => {
  const heartbeat = '[null,"1","phoenix","heartbeat",{}]';
  const flood = create();
  for (let i = 0; i < MESSAGES_BURST; i++) flood.receive(heartbeat);
  expect(flood.closed()).toBeUndefined();
  flood.receive(heartbeat);
  expect(flood.closed()).toBe(closeCodes.tooManyMessages);
  const steady = create();
  for (let i = 0; i < 3000; i++) steady.receive(heartbeat, i * 10_000);
  expect(steady.closed()).toBeUndefined();
});

test('a silent client is closed, one with a heartbeat is not', () => {
  const bench = create();
  bench.receive('[null,"1","phoenix","heartbeat",{}]', 1e6);
  bench.socket.closeIfSilent(1e6 + SILENCE_MAX_US);
  expect(bench.closed()).toBeUndefined();
  bench.socket.closeIfSilent(1e6 + SILENCE_MAX_US + 1);
  expect(bench.closed()).toBe(closeCodes.silent);
});
