import type { AlarmMessage } from '../sdk/index.js';
import type { BoardStore } from './board-store.js';
import { dayTime } from './format.js';
import { today } from './today.js';

/** What is wrong with a board, in a place that is always there: an alarm moves nothing under anybody's pointer. */
export function Alarms({ board }: { board: BoardStore }) {
  const { why } = board.condition.value;
  const health = board.health.value;
  const isTripped = health?.arm === 'tripped';
  const tripAlarm = board.alarms.value.find(({ id }) => id === 'tripped');
  const alarms = board.alarms.value.filter(({ id }) => id !== 'tripped');
  return (
    <div class="alarms" role="alert" data-testid="alarms">
      {isTripped && (
        <p class="trip">
          <b>TRIPPED</b> ({health.tripCause}) <Since alarm={tripAlarm} /> Outputs are at their safe values until
          somebody re-arms.
        </p>
      )}
      {why !== '' && <p class="why">{why}</p>}
      {alarms.map((alarm) => (
        <p key={alarm.id}>
          <b>{alarm.id}</b> <Since alarm={alarm} /> {alarm.text}
        </p>
      ))}
      {!isTripped && why === '' && alarms.length === 0 && <p class="quiet">No alarms</p>}
    </div>
  );
}

export function Since({ alarm }: { alarm: AlarmMessage | undefined }) {
  if (alarm === undefined) return null;
  const sinceMs = alarm.sinceUtcUs / 1e3;
  return (
    <time class="number" dateTime={new Date(sinceMs).toISOString()}>
      since {dayTime(sinceMs, today.value)}
    </time>
  );
}
