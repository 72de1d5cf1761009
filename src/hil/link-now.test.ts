import { expect, it } from 'vitest';
import type { TextEvent } from '../outlet.js';
import { BoardHealth } from './board-health.js';
import type { Rig } from './rig.js';

const alarm = (id: string, active: boolean, text: string): TextEvent => ({
  type: 'alarm',
  board: 'board-1',
  id,
  active,
  text,
  sinceUtcUs: 0,
});

it('a board that does not come up is told with what stands in its way', async () => {
  const rig = {
    loop: { session: { state: 'handshake' }, decoder: { counters: { corruptFrames: 3, foreignFrames: 0 } } },
    trace: {
      texts: [alarm('port', true, 'no port'), alarm('port', false, 'open'), alarm('baud', true, 'set the baud rate')],
    },
    until: async (what: string) => {
      throw new Error(`${what}: not within 30000 ms`);
    },
  } as unknown as Rig;
  await expect(new BoardHealth(rig).begin()).rejects.toThrow(
    'the board streams: not within 30000 ms; the session is "handshake", with 3 corrupt frames and 0 foreign ones so far; the bridge says: set the baud rate',
  );
});
