import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { artifactsFolder } from '../hil/environment.js';
import { hilInit } from './hil-init.js';

const folder = mkdtempSync(join(tmpdir(), 'tautline-init-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const docs = readFileSync(new URL('../../docs/hil.md', import.meta.url), 'utf8');
const steps = (workflow: string) => workflow.split(/^ +- (?=\w)/m).slice(1);

describe('the workflow of "tautline hil init"', () => {
  let workflow: string;
  beforeAll(() => {
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    hilInit(folder, () => 'tautline-1.0.0.tgz');
    vi.restoreAllMocks();
    workflow = readFileSync(join(folder, '.github/workflows/board-tests.yml'), 'utf8');
  });

  it('keeps recordings and reports also of a run that failed, from where the tests leave them', () => {
    const [upload, ...others] = steps(workflow).reverse();
    expect(upload).toMatch(/^uses: actions\/upload-artifact@v\d+\n +if: always\(\) #/);
    expect(upload).toContain(`path: ${artifactsFolder().replace(join('hil-tests', 'artifacts'), 'hil-artifacts')}/\n`);
    expect(others[0]).toBe('run: npm test\n');
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toContain('hil-artifacts/\n');
  });

  it('has its last two steps in docs/hil.md as they are', () => {
    const lines = workflow.slice(workflow.indexOf('      - run: npm test')).replaceAll(/^ {6}/gm, '');
    expect(docs.replaceAll(/^ {3}/gm, '')).toContain(lines); // in a list there
  });
});

it('"tautline hil init" is among the commands of the README', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  expect(readme).toMatch(/^\| `npx tautline hil init` \| /m);
});
