import { existsSync } from 'node:fs';
import { expect, it, onTestFinished, vi } from 'vitest';
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

it('lives on when it asks a program that has ended, that hangs up, or that is not there', async () => {
  const ended = Program.start(process.execPath, ['-e', 'console.log("bye")']);
  await ended.exited;
  await expect(ended.ask({}, 5000)).rejects.toThrow(/(it ended with 0|it takes no messages).*it said:\nbye/s);
  ended.say('anybody there?');
  const deaf = Program.start(process.execPath, ['-e', 'process.disconnect(); setInterval(() => {}, 1000)']);
  onTestFinished(() => deaf.end());
  await new Promise((resolve) => deaf.child.once('disconnect', resolve));
  await expect(deaf.ask({}, 60_000)).rejects.toThrow('it takes no messages');
  const missing = Program.start('/nonexistent/program', []);
  await expect(missing.message(5000)).rejects.toThrow(/ENOENT/);
});

it.each([
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('ends what runs, and removes its folders, by %s', (signal, exitCode) => {
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
  onTestFinished(() => exit.mockRestore());
  process.emit(signal);
  expect(exit).toHaveBeenCalledWith(exitCode);
});

it('does not wait for a port of a program that has ended', async () => {
  const program = Program.start(process.execPath, ['-e', 'process.exit(3)']);
  await expect(program.listening(1)).rejects.toThrow('it ended with 3');
});
