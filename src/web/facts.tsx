import type { BoardStore } from './board-store.js';
import { age, microseconds } from './format.js';
import { missingText, noneMissing } from './missing.js';

/** Figures of the line and its clock. Always the same ones, so that nothing moves. */
export function Facts({ board }: { board: BoardStore }) {
  const view = board.view.value;
  const health = board.health.value;
  const oldest = board.oldestShownSeconds.value;
  const uncertaintyUs = health?.clock.uncertaintyUs;
  const { state } = board.condition.value;
  const isLive = state === 'live';
  const isTold = board.joined.value && state !== 'silent';
  const missing = board.notReceived.value;
  const rates = [...board.stats.value.values()].map(({ rateHz }) => rateHz ?? 0);
  const rate = rates.reduce((sum, each) => sum + each, 0);
  return (
    <dl class="facts">
      <Fact label="oldest value shown" value={isLive && oldest !== null ? age(oldest) : '—'} />
      <Fact label="frames a second" value={isLive && rates.length > 0 ? rate.toFixed(rate < 10 ? 1 : 0) : '—'} />
      <Fact
        label="clock known to"
        value={isLive && typeof uncertaintyUs === 'number' ? `± ${microseconds(uncertaintyUs)}` : '—'}
      />
      <Fact
        label="line in use"
        value={isLive && typeof health?.lineLoad === 'number' ? `${Math.round(health.lineLoad * 100)} %` : '—'}
      />
      <Fact label="link" value={isTold ? (health?.link ?? view?.status ?? '—') : '—'} />
      <Fact label="encoding" value={health?.encoding ?? '—'} />
      <Fact label="boot" value={view === undefined || Number.parseInt(view.boot, 16) === 0 ? '—' : view.boot} />
      <Fact label="port" value={view?.path ?? '—'} />
      {missing !== noneMissing && <Fact label="frames not received" value={missingText(missing)} />}
    </dl>
  );
}

function Fact({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd class="number">{value}</dd>
    </div>
  );
}
