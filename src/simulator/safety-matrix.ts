/** Every way in which a host can fail an armed board, at many moments: how long until its outputs are safe. */
import { Episode } from './episode.js';
import type { PlantedBug } from './planted-bugs.js';

const FAILURE_US = 180_000;
const STEP_US = 20_000;
const MS = 1000;

/** By what follows "the host …". */
export const hostFailures: Readonly<Record<string, (episode: Episode) => void>> = {
  'is killed': (episode) => episode.kill(),
  'is stopped': (episode) => episode.keepAway('stopped', FAILURE_US),
  'has no CPU': (episode) => episode.keepAway('starved', FAILURE_US),
  spins: (episode) => episode.keepAway('busy', FAILURE_US),
  'is stalled by its garbage collector': (episode) => episode.keepAway('busy', (130 + 50 * episode.random()) * MS),
  'reads no more, while its heartbeats go on': ({ thread }) => {
    thread.isReadingHung = true;
  },
  'hears nothing any more': ({ toHost, nowUs }) => {
    toHost.deafUntilUs = nowUs + FAILURE_US;
  },
  'is not heard any more': ({ toBoard, nowUs }) => {
    toBoard.deafUntilUs = nowUs + FAILURE_US;
  },
};

function recover(episode: Episode): void {
  episode.thread.isReadingHung = false;
  if (!episode.isAlive) episode.restart();
  episode.operator.isAbsent = true;
}

/** Re-arms and arms as a person does: by asking until it is granted. */
function arm(episode: Episode): void {
  const { device } = episode;
  for (let tries = 0; device.guard.state !== 'armed'; tries++) {
    if (tries > 1000) throw new Error(`not armed after ${(tries * STEP_US) / 1e6} s`);
    const { control } = episode.bridge.loop;
    if (control.policy.state === 'tripped') episode.operator.ask('rearm');
    else if (control.policy.metInARow >= 1000 && control.policy.state === 'disarmed') episode.operator.ask('arm');
    episode.runUntil(episode.nowUs + STEP_US);
  }
}

/**
 * Arms a board and lets its host fail, again and again, at random moments.
 * @returns how long after each failure the outputs were safe, by the board's clock, which its watchdog counts by; µs
 * @throws Violation or Error when a board does not stay tripped
 */
export function timesToSafe(failure: string, moments: number, seed: number, bug?: PlantedBug): number[] {
  const episode = new Episode({
    seed,
    seconds: 1e6,
    kinds: [],
    isExact: true,
    overlap: false,
    class: 'firm',
    encoding: 'binary',
    watchesMemory: false,
    ...(bug === undefined ? {} : { bug }),
  });
  episode.operator.isAbsent = true;
  const times: number[] = [];
  for (let n = 0; n < moments; n++) {
    arm(episode);
    episode.runUntil(episode.nowUs + 150 * MS * episode.random());
    const failedUs = episode.nowUs;
    // A trip is expected from here on; one before would be without a reason.
    episode.campaign.injector.endUs = failedUs + 2 * FAILURE_US;
    hostFailures[failure]!(episode);
    episode.runUntil(failedUs + FAILURE_US);
    const { changedUs } = episode.safety;
    const { clock } = episode.device;
    times.push(changedUs < failedUs ? Number.POSITIVE_INFINITY : clock.at(changedUs) - clock.at(failedUs));
    recover(episode);
    episode.runUntil(episode.nowUs + 60 * MS);
    if (episode.device.guard.state !== 'tripped')
      throw new Error(`the board is ${episode.device.guard.state} ${failure}`);
  }
  return times;
}
