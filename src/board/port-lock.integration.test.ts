import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PortError } from './errors.js';
import { findOwners, lockPort } from './port-lock.js';
import { PtyLine } from './testing/pty-line.js';

describe('the lock of a port', () => {
  let line: PtyLine;
  let directory: string;

  beforeEach(async () => {
    line = await PtyLine.open();
    directory = await mkdtemp(join(tmpdir(), 'tautline-lock-'));
  });

  afterEach(async () => {
    await line.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('refuses a second one that comes by another path', async () => {
    const lock = await lockPort(line.path, directory);
    const alias = join(directory, 'alias');
    await symlink(line.path, alias);
    const refused = await lockPort(alias, directory).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(PortError);
    expect(refused).toMatchObject({ code: 'PORT_IN_USE', exitCode: 3 });
    expect((refused as PortError).message).toContain('this bridge has it already');
    await lock.release();
    await (await lockPort(alias, directory)).release();
  });

  it('leaves no file behind, also when it is released twice', async () => {
    const lock = await lockPort(line.path, directory);
    await lock.release();
    await lock.release();
    expect(await readdir(directory)).toEqual([]);
  });

  it('can be read by every user, whatever the umask: else nobody is told who has the port, and a stale one stays for ever', async () => {
    const umask = process.umask(0o077);
    const lock = await lockPort(line.path, directory).finally(() => process.umask(umask));
    expect((await stat(lock.file)).mode & 0o777).toBe(0o644);
    await lock.release();
  });

  it.each([
    ['its process has ended', { pid: 2 ** 22 + 1, startTicks: '1', command: 'gone', path: 'x' }],
    ['its pid belongs to a later process now', { pid: process.pid, startTicks: '1', command: 'older', path: 'x' }],
    ['it is not a lock of ours', 'rubbish'],
  ])('is taken over when %s', async (_reason, content) => {
    const first = await lockPort(line.path, directory);
    const file = first.file;
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    const second = await lockPort(line.path, directory);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ pid: process.pid });
    await first.release();
    await second.release();
  });

  it('goes to exactly one of many that meet a stale one at the same moment', async () => {
    const { file, release } = await lockPort(line.path, directory);
    await release();
    await writeFile(file, JSON.stringify({ pid: 2 ** 22 + 1, startTicks: '1', command: 'gone', path: 'x' }));
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => lockPort(line.path, directory)));
    expect(tries.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(directory)).toHaveLength(1);
  });
});

describe.runIf(process.platform === 'linux')('the search for an owner', () => {
  it('finds a process that has the port open without any lock of ours', async () => {
    const line = await PtyLine.open();
    const reader = spawn('cat', [line.path]);
    const found = { pid: reader.pid, command: `cat ${line.path}` };
    let owners = await findOwners(line.path);
    while (!owners.some((owner) => owner.command.startsWith('cat'))) owners = await findOwners(line.path);
    expect(owners).toContainEqual(found);
    reader.kill();
    await line.close();
  });
});
