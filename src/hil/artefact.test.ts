import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { artefactPath, loadArtefact, type RecordedTest, saveArtefact } from './artefact.js';
import { LineFaults } from './line-faults.js';
import { Recording } from './recording.js';

const recorded: RecordedTest = {
  target: '/dev/ttyUSB0',
  isRealTime: true,
  capabilities: ['timing'],
  firmware: 'release',
  seed: 7,
  faultBackEnd: null,
  file: 'a.test.ts',
  test: 'reset > is a "new" boot: über ../../etc',
  errors: ['late'],
};

function recordingOf(entries: number): Recording {
  const recording = new Recording();
  recording.loop = {
    path: 'emulated:pico',
    baud: 921_600,
    timedLine: true,
    evidence: null,
    hasEmulatorLag: false,
    utcAtZeroUs: 12.5,
  };
  for (let i = 0; i < entries; i++) {
    recording.add('tick', 5e9 + i / 3, undefined);
    recording.chunk(Uint8Array.of(i & 0xff, 0, 255), 5e9 + i / 3 + 0.1, 5e9 + i / 3);
    recording.judged(5e9 + i);
  }
  recording.said(Uint8Array.of(1, 2), 6e9, () => false);
  return recording;
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tautline-artefact-'));
  process.env.HIL_ARTIFACTS = folder;
});
afterEach(() => {
  delete process.env.HIL_ARTIFACTS;
  rmSync(folder, { recursive: true, force: true });
});

describe('a recording', () => {
  it('is the same after a file, to the last bit of its times', () => {
    const recording = recordingOf(10_000);
    const path = saveArtefact(recorded, recording);
    const loaded = loadArtefact(path);
    expect(loaded).toMatchObject({ ...recorded, loop: recording.loop });
    expect(loaded.recording.length).toBe(recording.length);
    for (let i = 0; i < recording.length; i += 97) {
      const { kind, atUs, payload } = recording.at(i);
      expect(loaded.recording.at(i)).toMatchObject({ kind, atUs });
      if (payload !== undefined && 'bytes' in payload) {
        const { bytes, ...rest } = loaded.recording.at(i).payload as typeof payload;
        expect([...bytes]).toEqual([...payload.bytes]);
        expect({ ...payload, bytes: null }).toEqual({ ...rest, bytes: null });
      }
    }
    // None outside of a working copy.
    expect(loaded.commit ?? '0'.repeat(40)).toMatch(/^[0-9a-f]{40}\+?$/);
  });

  it('has a name that stays in its folder, and says which test it is of', () => {
    const path = artefactPath(recorded);
    expect(path).toMatch(/\/dev-ttyUSB0-reset-is-a-new-boot-ber-\.\.-\.\.-etc-[0-9a-f]{6}\.json\.gz$/);
    expect(dirname(path)).toBe(folder);
  });

  it('keeps tests apart that differ in their file, or in letters of other scripts', () => {
    const paths = [
      artefactPath({ ...recorded, test: '温度が上がる' }),
      artefactPath({ ...recorded, test: '速度が下がる' }),
      artefactPath({ ...recorded, test: '速度が下がる', file: 'other.test.ts' }),
    ];
    expect(new Set(paths).size).toBe(3);
  });

  it('keeps how a step ended, and what the faults had counted then', async () => {
    const recording = new Recording();
    const clock = { nowUs: () => 1 };
    const { counters } = new LineFaults({ seed: 1, nowUs: () => 1, backEnd: { kind: 'pty' } });
    await recording.step({ ...clock, step: 'freeze', detail: '5 ms' }, async () => {});
    recording.faultCounters = counters;
    const failing = recording.step({ ...clock, step: 'until', detail: 'never' }, async () => {
      counters.split = 3;
      throw new Error('not within');
    });
    await expect(failing).rejects.toThrow('not within');
    counters.split = 4;
    const [freeze, until] = [0, 1].map((i) => recording.at(i).payload);
    expect(freeze).toEqual({ step: 'freeze', detail: '5 ms', error: null, answer: null });
    expect(until).toMatchObject({ step: 'until', error: 'not within', faultCounters: { split: 3, drop: 0 } });
    expect(recording.length).toBe(2);
  });
});

describe('what is no recording', () => {
  const replace = (content: Buffer | string): string => {
    const path = join(folder, 'x.json.gz');
    writeFileSync(path, content);
    return path;
  };

  it.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['a broken archive', gzipSync('{"a":1}').subarray(0, 12)],
    ['JSON that ends early', gzipSync('{"format":"tautline-hil-recording"')],
  ])('is refused with its path: %s', (_, content) => {
    expect(() => loadArtefact(replace(content))).toThrow(/^HIL_REPLAY=.*x\.json\.gz: .*Give the path of a recording/);
  });

  it('is refused when it is of another version, with the commit that can', () => {
    const other = gzipSync(JSON.stringify({ format: 'tautline-hil-recording', version: 99, commit: 'abc' }));
    expect(() => loadArtefact(replace(other))).toThrow('replay it with the commit that wrote it, abc');
  });

  it('is refused when there is no such file', () => {
    expect(() => loadArtefact(join(folder, 'none'))).toThrow('ENOENT');
  });
});
