/**
 * A board on a desk, for the kit's own tests: the firmware as a process of this machine, behind a port that keeps its name.
 * Buttons and flasher are shell commands, as a user's are: what the kit does to a board it does from outside.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const built = (name: string) => fileURLToPath(new URL(`../../../firmware/build/host/${name}`, import.meta.url));

export const images = { release: built('tautline-host'), test: built('tautline-host-test') } as const;

/** Releases after which the program ends by itself, should nobody be left to end it: five minutes. */
const PERIODS = 300_000;

const script = `cd "$(dirname "$0")"
case $1 in
on)
  ./program --link ./port --periods ${PERIODS} >said 2>&1 </dev/null &
  echo $! >pid
  until [ -e port ]; do kill -0 "$(cat pid)" || exit 1; sleep 0.05; done ;;
off)
  [ -e pid ] || exit 0
  kill "$(cat pid)"
  while kill -0 "$(cat pid)" 2>/dev/null; do sleep 0.05; done
  rm pid ;;
flash)
  echo "$2" >>flashed
  sh desk.sh off
  cp "$2" program
  sh desk.sh on ;;
reset) kill -USR1 "$(cat pid)" ;;
esac
`;

export class Desk {
  readonly folder = mkdtempSync(join(tmpdir(), 'tautline-desk-'));
  readonly map = join(this.folder, 'hil-boards.toml');
  readonly port = join(this.folder, 'port');

  constructor() {
    writeFileSync(join(this.folder, 'desk.sh'), script);
  }

  /** @throws Error with what the script said */
  run(...given: string[]): void {
    const { status, stderr } = spawnSync('sh', [join(this.folder, 'desk.sh'), ...given], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`desk.sh ${given.join(' ')}: ${status}: ${stderr}`);
  }

  /** Writes the map: this board as `desk`, with these keys besides its port. */
  describe(keys: string): string {
    writeFileSync(this.map, `[boards.desk]\npath = "${this.port}"\ntiming = false\n${keys}\n`);
    return this.map;
  }

  get isOn(): boolean {
    return existsSync(this.port);
  }

  close(): void {
    this.run('off');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
