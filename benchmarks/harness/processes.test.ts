import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { clearAway, Program, temporaryFolder } from './processes.js';

it('ends what a row left running, also one that stands still, and removes its folders', async () => {
  const folder = temporaryFolder();
  const program = Program.start(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("runs")']);
  await program.line(/runs/);
  program.pause();
  await clearAway();
  expect(program.child.signalCode).toBe('SIGTERM');
  expect(existsSync(folder)).toBe(false);
});

it('tells what a program said that ended instead of answering', async () => {
  const program = Program.start(process.execPath, ['-e', 'console.log("no port"); process.exit(3)']);
  await expect(program.message(5000)).rejects.toThrow(/it ended with 3; it said:\nno port/);
});

it('does not wait for a port of a program that has ended', async () => {
  const program = Program.start(process.execPath, ['-e', 'process.exit(3)']);
  await expect(program.listening(1)).rejects.toThrow('it ended with 3');
});
