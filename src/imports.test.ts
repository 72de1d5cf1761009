import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = fileURLToPath(new URL('.', import.meta.url));

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

/** Every import between our own files, as paths relative to src. */
function imports(): Import[] {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.(ts|tsx)$/.test(file) && !/\.(test|rig)\.tsx?$/.test(file),
  );
  return files.flatMap((from) =>
    [
      ...readFileSync(join(src, from), 'utf8').matchAll(
        /(?:^|\n)\s*(?:import|export)\s+(type\s)?[^;'"]*?from\s+'(\.[^']+)'/g,
      ),
    ].map((found) => ({
      from,
      to: relative(src, join(src, dirname(from), found[2] ?? '')),
      typeOnly: found[1] !== undefined,
    })),
  );
}

const folder = (path: string) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '.');
const all = imports();
const offending = (isWrong: (each: Import) => boolean) => all.filter(isWrong).map(({ from, to }) => `${from} -> ${to}`);

describe('direction of imports', () => {
  it('finds imports at all', () => {
    expect(all.length).toBeGreaterThan(50);
    expect(all.some(({ from, to }) => folder(from) === 'gateway' && folder(to) === 'feed')).toBe(true);
  });

  it.each(['codec', 'deadline'])('%s is pure: of ours it takes only the other core', (core) => {
    const allowed = ['codec', 'deadline'];
    const declarations = ['config.js', 'feed/slot.js'];
    expect(
      offending(
        ({ from, to, typeOnly }) =>
          folder(from) === core && !allowed.includes(folder(to)) && !(typeOnly || declarations.includes(to)),
      ),
    ).toEqual([]);
  });

  it.each(['gateway', 'mqtt', 'console'])('%s is an outlet: it never reaches the board', (outlet) => {
    expect(offending(({ from, to }) => folder(from) === outlet && folder(to) === 'board')).toEqual([]);
  });

  it('no outlet reaches into another', () => {
    const outlets = ['gateway', 'mqtt', 'console'];
    expect(
      offending(
        ({ from, to }) => outlets.includes(folder(from)) && outlets.includes(folder(to)) && folder(from) !== folder(to),
      ),
    ).toEqual([]);
  });

  it('messages are made of the feed, and know no outlet', () => {
    const allowed = ['messages', 'deadline', 'feed', 'sdk', '.'];
    expect(offending(({ from, to }) => folder(from) === 'messages' && !allowed.includes(folder(to)))).toEqual([]);
  });

  it('the board knows no outlet and no ring', () => {
    expect(
      offending(({ from, to }) => folder(from) === 'board' && ['gateway', 'mqtt', 'console'].includes(folder(to))),
    ).toEqual([]);
  });

  it('the client and the dashboard take nothing from the bridge but types and the codes of verdicts', () => {
    const allowed = ['sdk', 'web'];
    expect(
      offending(
        ({ from, to, typeOnly }) =>
          allowed.includes(folder(from)) && !allowed.includes(folder(to)) && !typeOnly && to !== 'deadline/verdict.js',
      ),
    ).toEqual([]);
  });
});

describe("the loop's thread", () => {
  /** What runs in other threads and processes, and declarations. */
  const elsewhere = /^(gateway|mqtt|console|web|sdk|cli|hil|simulator|board\/emulated)\/|worker\.ts$/;
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !/\.(test|rig)\.ts$|(^|\/)testing\//.test(file) && !elsewhere.test(file),
  );
  /** By these a buffer is detached, here or inside of Node. */
  const detaches =
    /\bfetch\(|\btransfer: \[|transferList|\.transfer(ToFixedLength)?\(|new (Blob|ReadableStream)\(|postMessage\([\w.]+,/;

  // Once one was, V8 asks at each access to any typed array of the isolate: binary frames are decoded a fifth slower, and leave garbage.
  it('detaches no buffer', () => {
    expect(files.length).toBeGreaterThan(60);
    expect(files).toContain('loop/board-loop.ts');
    expect(files.filter((file) => detaches.test(readFileSync(join(src, file), 'utf8')))).toEqual([]);
  });
});
