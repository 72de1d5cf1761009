import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerCodes } from '../codec/schema.js';
import { DescriptorCache } from './descriptor-transfer.js';
import { HandshakeBench } from './testing/handshake-bench.js';
import { sampleDescriptor } from './testing/scripted-board.js';

const isStreaming = (bench: HandshakeBench) => () => bench.session.state === 'streaming' && bench.board.isStreaming;

function streamingBench(options: ConstructorParameters<typeof HandshakeBench>[0] = {}): HandshakeBench {
  const bench = new HandshakeBench(options);
  bench.open();
  expect(bench.run(10, isStreaming(bench))).toBe(true);
  return bench;
}

describe('a handshake', () => {
  it('ends in binary, with the descriptor, when nothing goes wrong', () => {
    const bench = streamingBench();
    expect(bench.types).toEqual(['established', 'streaming']);
    const [established, streaming] = bench.events;
    expect(established).toMatchObject({
      bootId: 1,
      resetCause: 'powerOn',
      uid: '00000000DEADBEEF',
      bootIdBefore: null,
    });
    expect(established).toHaveProperty('descriptor.name', sampleDescriptor.name);
    expect(streaming).toEqual({ type: 'streaming', encoding: 'binary' });
    expect(bench.session.tag).toBe(bench.board.tag);
    expect(bench.session.encoding).toBe(bench.board.encoding);
  });

  it('sends nothing for two seconds while the board is quiet, because a bootloader may listen', () => {
    const bench = new HandshakeBench();
    bench.fate = (message) => (message.name === 'data' ? 'lose' : 'pass');
    bench.open();
    bench.run(1.999);
    expect(bench.sent).toEqual([]);
    expect(bench.session.state).toBe('waiting');
    expect(bench.run(1, isStreaming(bench))).toBe(true);
  });

  it('says hello at the first byte', () => {
    const bench = new HandshakeBench();
    bench.open();
    bench.run(0.05);
    expect(bench.sent.map(({ name }) => name)).toContain('hello');
  });

  it('says hello four times a second to a board that stays quiet', () => {
    const bench = new HandshakeBench({ answers: false });
    bench.fate = (message) => (message.name === 'data' ? 'lose' : 'pass');
    bench.open();
    bench.run(12);
    expect(bench.sent).toHaveLength(40);
    expect(bench.session.state).toBe('handshake');
  });

  it.each(['text', 'binary'] as const)('streams in %s when the configuration says so', (choice) => {
    const bench = streamingBench({ choice });
    expect(bench.events.at(-1)).toEqual({ type: 'streaming', encoding: choice });
  });

  it('reads the descriptor once for boards of the same hash', () => {
    const cache = new DescriptorCache();
    streamingBench({ cache });
    const second = streamingBench({ cache });
    expect(second.sent.map(({ name }) => name)).toEqual(['hello', 'start']);
  });

  it('never says hello to a plain board, and shows its lines', () => {
    const bench = new HandshakeBench({ choice: 'plain' });
    bench.open();
    bench.session.unanswered(bench.nowUs);
    bench.run(10);
    expect(bench.sent).toEqual([]);
    expect(bench.types).toEqual(['monitoring']);
    expect(bench.session.state).toBe('streaming');
  });

  it.each([answerCodes.unsupported, answerCodes.armedElsewhere])(
    'is not moved by a nack %i on a line that is to be plain',
    (code) => {
      const bench = new HandshakeBench({ choice: 'plain' });
      bench.open();
      bench.session.message({ name: 'nack', session: 0, counter: 0, code }, bench.nowUs);
      bench.run(10);
      expect([bench.sent, bench.types, bench.session.state]).toEqual([[], ['monitoring'], 'streaming']);
    },
  );

  it('shows a board that prints and never answers, and goes on asking it now and then', () => {
    const bench = new HandshakeBench({ answers: false });
    bench.open();
    bench.run(20);
    expect(bench.types).toEqual(['monitoring']);
    expect(bench.session.state).toBe('streaming');
    const { hellos } = bench.session.counters;
    expect(hellos).toBeLessThan(20);
    bench.board.options.answers = true;
    expect(bench.run(10, () => bench.types.at(-1) === 'streaming')).toBe(true);
  });
});

describe('a bad line', () => {
  it('only delays the handshake, whatever it loses and repeats', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('pass', 'pass', 'pass', 'lose', 'repeat'), { maxLength: 200 }), (fates) => {
        const bench = new HandshakeBench();
        bench.fate = (_, n) => fates[n] ?? 'pass';
        bench.open();
        expect(bench.run(60, isStreaming(bench))).toBe(true);
        bench.run(2);
        expect(bench.session.state).toBe('streaming');
        expect(bench.session.encoding).toBe(bench.board.encoding);
        expect(bench.session.tag).toBe(bench.board.tag);
      }),
      { numRuns: 200 },
    );
  });

  it('asks again for lost chunks only', () => {
    const bench = new HandshakeBench();
    let losses = 3;
    bench.fate = (message) =>
      message.name === 'descriptor' && message.offset === 96 && losses-- > 0 ? 'lose' : 'pass';
    bench.open();
    expect(bench.run(10, isStreaming(bench))).toBe(true);
    const offsets = bench.sent.flatMap((message) => (message.name === 'describe' ? [message.offset] : []));
    expect(offsets.slice(0, 7)).toEqual([0, 48, 96, 96, 96, 96, 144]);
  });

  it.each([1, 2, 3])('survives %i lost `started` in a row: the board streams already, in binary', (count) => {
    const bench = new HandshakeBench();
    let losses = count;
    bench.fate = (message) => (message.name === 'started' && losses-- > 0 ? 'lose' : 'pass');
    bench.open();
    expect(bench.run(10, isStreaming(bench))).toBe(true);
    expect(bench.session.encoding).toBe('binary');
  });
});

describe('a reset of the board', () => {
  it('leads to a new session at every step of the handshake, with or without its boot line', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.boolean(), (atMessage, isBootLost) => {
        const bench = new HandshakeBench();
        let isReset = false;
        bench.fate = (message, n) => {
          if (n === atMessage && !isReset) {
            isReset = true;
            bench.board.reset();
          }
          return isBootLost && message.name === 'event' ? 'lose' : 'pass';
        };
        bench.open();
        expect(bench.run(30, () => isReset && isStreaming(bench)())).toBe(true);
        bench.run(1);
        expect(bench.session.state).toBe('streaming');
        expect(bench.session.tag).toBe(bench.board.tag);
        expect(bench.events.findLast((event) => event.type === 'established')).toHaveProperty('bootId', 2);
      }),
    );
  });

  it.each(['text', 'binary'] as const)('while streaming in %s is reported with both boots', (choice) => {
    const bench = streamingBench({ choice });
    bench.board.reset();
    expect(bench.run(5, () => bench.session.counters.boots === 2 && isStreaming(bench)())).toBe(true);
    expect(bench.types).toEqual(['established', 'streaming', 'lost', 'established', 'streaming']);
    expect(bench.events[3]).toMatchObject({ bootId: 2, bootIdBefore: 1 });
  });
});

describe('a session ends', () => {
  it('after three foreign frames in a row, not after two', () => {
    const bench = streamingBench();
    bench.session.foreign(bench.nowUs);
    bench.session.foreign(bench.nowUs);
    bench.session.data();
    bench.session.foreign(bench.nowUs);
    bench.session.foreign(bench.nowUs);
    expect(bench.types).toEqual(['established', 'streaming']);
    bench.session.foreign(bench.nowUs);
    expect(bench.types.at(-1)).toBe('lost');
    expect(bench.sent.at(-1)?.name).toBe('hello');
  });

  it('after a second of silence, and not when the stream is heard again', () => {
    const bench = streamingBench();
    bench.fate = (message) => (message.name === 'data' ? 'lose' : 'pass');
    bench.run(0.01);
    bench.session.silence(bench.nowUs);
    expect(bench.session.state).toBe('silent');
    bench.run(0.5);
    bench.fate = () => 'pass';
    bench.run(5);
    expect(bench.types).toEqual(['established', 'streaming']);
    bench.fate = () => 'lose';
    bench.run(0.01);
    bench.session.silence(bench.nowUs);
    bench.run(1.1);
    expect(bench.types.at(-1)).toBe('lost');
  });

  it('when the port closes', () => {
    const bench = streamingBench();
    bench.session.closed();
    expect(bench.types.at(-1)).toBe('lost');
    expect(bench.session.state).toBe('absent');
    bench.open();
    expect(bench.run(10, isStreaming(bench))).toBe(true);
  });
});

describe('another host', () => {
  it('that says hello is reported, and not fought with', () => {
    const bench = streamingBench();
    bench.board.receive({ name: 'hello', protocolMin: 1, protocolMax: 1, hostNonce: 77 }, 'text');
    bench.run(0.1);
    expect(bench.types.slice(2)).toEqual(['lost', 'contended']);
    const asked = bench.sent.length;
    bench.run(4.8);
    expect(bench.sent.length).toBe(asked);
    expect(bench.run(10, isStreaming(bench))).toBe(true);
  });

  it('that has armed the board is named, and asked for again gently', () => {
    const bench = new HandshakeBench();
    bench.board.armedElsewhere = true;
    bench.fate = (message) => (message.name === 'data' ? 'lose' : 'pass');
    bench.open();
    bench.run(5);
    expect(new Set(bench.types)).toEqual(new Set(['contended']));
    expect(bench.sent.length).toBeLessThanOrEqual(6);
    bench.board.armedElsewhere = false;
    expect(bench.run(5, isStreaming(bench))).toBe(true);
  });
});

describe('a board is refused, with the values,', () => {
  it.each([
    ['another protocol', { protocol: 7 }, /protocol version 7, this host versions 1 to 1/],
    ['a descriptor that is too large', { descriptorBytes: 4097 }, /4097 bytes/],
    ['no descriptor', { descriptorBytes: 0 }, /0 bytes/],
    ['no encoding', { encodings: 0 }, /0x0/],
    ['a wrong hash', { descriptorHash: 5 }, /not the one that it announces/],
    ['a descriptor that is no JSON', { descriptor: '{"name":' }, /descriptor is not valid/],
    ['a hostile name', { descriptor: JSON.stringify({ ...sampleDescriptor, name: '../../etc' }) }, /\.\.\/\.\.\/etc/],
  ])('for %s', (_what, options, reason) => {
    const bench = new HandshakeBench(options);
    bench.open();
    expect(bench.run(10, () => bench.types.includes('refused'))).toBe(true);
    expect(bench.session.state).toBe('refused');
    expect(bench.events).toHaveLength(1);
    expect(bench.events[0]).toHaveProperty('reason', expect.stringMatching(reason));
    bench.run(30);
    expect(bench.types.filter((type) => type === 'refused')).toHaveLength(1);
  });

  it('for an encoding that it has not', () => {
    const bench = new HandshakeBench({ encodings: 1, choice: 'binary' });
    bench.open();
    expect(bench.run(10, () => bench.types.includes('refused'))).toBe(true);
  });

  it.each([
    ['it is to be text', { choice: 'text' }],
    ['the board has text alone', { encodings: 1 }],
  ] as const)('for a stream that is too wide for a line when %s', (_, options) => {
    const [stream] = sampleDescriptor.streams;
    const signals = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ ...stream.signals[0], name: `v${i}`, type: 'i32' as const }));
    const wide = (count: number) =>
      JSON.stringify({ ...sampleDescriptor, streams: [{ ...stream, signals: signals(count) }] });
    const bench = new HandshakeBench({ descriptor: wide(20), ...options });
    bench.open();
    bench.run(20);
    expect(bench.events).toEqual([{ type: 'refused', reason: expect.stringContaining('"control" takes 242 bytes') }]);
    streamingBench({ descriptor: wide(19), ...options });
    streamingBench({ descriptor: wide(20) });
  });

  it('whatever a hostile descriptor says, without a throw', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), (descriptor) => {
        const bench = new HandshakeBench({ descriptor: `${descriptor}  ` });
        bench.open();
        bench.run(10, () => bench.types.includes('refused'));
        expect(bench.types).toEqual(['refused']);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the grace after opening', () => {
  it('lasts three seconds, and begins anew when the board boots', () => {
    const bench = streamingBench();
    expect(bench.session.graceUntilUs).toBeGreaterThanOrEqual(3_000_000);
    bench.run(5);
    const resetUs = bench.nowUs;
    bench.board.reset();
    bench.run(2);
    expect(bench.session.graceUntilUs).toBeGreaterThanOrEqual(resetUs + 3_000_000);
  });
});
