import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { baudSuspected, portErrors, portInUse, toPortError } from './errors.js';
import { openSerial } from './serial-io.js';

const directory = mkdtempSync(join(tmpdir(), 'tautline-errors-'));
afterAll(() => rmSync(directory, { recursive: true }));

const openError = (path: string) =>
  openSerial({ path, baud: 9600 }).then(
    () => null,
    (error: unknown) => error,
  );

describe('the errors of a port', () => {
  it('recognise what the real serialport says', async () => {
    const absent = await toPortError('/dev/ttyNONE', await openError('/dev/ttyNONE'));
    expect(absent).toMatchObject({ code: 'PORT_ABSENT', retry: true });
    const notTty = await toPortError('/dev/null', await openError('/dev/null'));
    expect(notTty).toMatchObject({ code: 'PORT_NOT_TTY', retry: false });
  });

  it('name the group and the command that joins it, when permission is missing', async () => {
    const denied = Object.assign(new Error('Error: Permission denied, cannot open /etc/hostname'), { code: undefined });
    const error = await toPortError('/dev/tty', denied);
    expect(error.code).toBe('PORT_PERMISSION');
    expect(error.message).toMatch(/belongs to the group \w+\)\. .*usermod -aG \w+ \$USER/);
  });

  it('name every owner, or say how to find one', () => {
    expect(portInUse('/dev/x', [{ pid: 7, command: 'screen /dev/x' }]).message).toContain('process 7 (screen /dev/x)');
    const own = portInUse('/dev/x', [{ pid: process.pid, command: 'tautline start' }]).message;
    expect(own).toContain('this bridge has it already');
    expect(own).not.toContain('kill');
    expect(portInUse('/dev/x', []).message).toContain('sudo fuser -v /dev/x');
  });

  it('name the usual baud rates, but not the one that was tried', () => {
    const { message } = baudSuspected('/dev/x', 115_200, 5000);
    expect(message).toContain('at 115200 baud');
    expect(message.split('Usual ones:')[1]).not.toContain('115200');
    expect(message).toContain('921600');
    expect(message).toMatch(/--set board\.baud=.*`baud` under \[\[boards\]\]/);
  });

  it('keep what nobody has foreseen', async () => {
    const error = await toPortError('/dev/x', new Error('the moon is full'));
    expect(error).toMatchObject({ code: 'PORT_FAILED', exitCode: 3 });
    expect(error.message).toContain('the moon is full');
  });

  it('are retried only when the cause can go away by itself', () => {
    const fatal = Object.entries(portErrors).filter(([, { retry }]) => !retry);
    expect(fatal.map(([code]) => code)).toEqual(['PORT_PERMISSION', 'PORT_NOT_TTY', 'PORT_IN_USE']);
  });
});
