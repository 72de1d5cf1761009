import { expect, it, onTestFinished, vi } from 'vitest';
import { tautlineArguments } from './bridges.js';
import { Program } from './processes.js';

it('measures what ships: no settings file of whoever runs it', () => {
  const line = tautlineArguments({ 'http.port': 1 }).join(' ');
  expect(line).toContain('start --config /dev/null --set http.port=1');
});

it('gives no program the settings that somebody has in the environment', async () => {
  vi.stubEnv('TAUTLINE_LOOP_PRIORITY', '0');
  onTestFinished(() => void vi.unstubAllEnvs());
  const script =
    'console.log("found " + Object.keys(process.env).filter((name) => name.startsWith("TAUTLINE_")) + ".")';
  const program = Program.start(process.execPath, ['-e', script], { TAUTLINE_NODE_RED: 'a folder' });
  expect((await program.line(/found (.*)\./))[1]).toBe('TAUTLINE_NODE_RED');
  await program.exited;
});
