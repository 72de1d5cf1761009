/** The line and the board at its end, as a test handles them. */
import type { ResetBy } from '../board/emulated/board.js';
import type { LinkState } from '../feed/slot.js';
import type { Rig } from './rig.js';

export class Link {
  constructor(private readonly rig: Rig) {}

  /** What the session makes of the line. */
  get state(): LinkState {
    return this.rig.loop.session.state;
  }

  /** Boot id of the board as of the newest session; 0 before the first. */
  get boot(): number {
    return this.rig.trace.healths.findLast(({ boot }) => boot !== 0)?.boot ?? 0;
  }

  /** Presses the reset button (needs `reset`), or switches the power off and on (`powerOn` needs `power`). */
  reset(by: ResetBy = 'pin'): Promise<void> {
    return this.rig.reset(by);
  }

  /** Pulls the line out for so long (needs `unplug`); ends when it is in again. */
  unplug(ms: number): Promise<void> {
    return this.rig.unplug(ms);
  }
}
