import { useEffect, useState } from 'preact/hooks';
import type { BoardStore } from './board-store.js';
import { Controls } from './controls.js';
import { microseconds, seconds } from './format.js';
import { onFrame } from './frame-loop.js';
import { Misses } from './misses.js';
import { SignalPlot } from './signal-plot.js';
import { Culprits, Verdicts } from './verdicts.js';

/** How often ages and liveness are looked at again: often enough that nothing stale looks live to an eye. */
const LOOK_MS = 50;

interface Look {
  readonly live: boolean;
  readonly ageSeconds: number | null;
}

/** Looks at the ages by itself: a board that falls silent sends nothing that could trigger it. */
function useLook(board: BoardStore): Look {
  const [look, setLook] = useState<Look>({ live: false, ageSeconds: null });
  useEffect(() => {
    let lastMs = 0;
    return onFrame((nowMs) => {
      if (nowMs - lastMs < LOOK_MS) return;
      lastMs = nowMs;
      setLook({ live: board.live, ageSeconds: board.ageSeconds });
    });
  }, [board]);
  return look;
}

export function Board({ board }: { board: BoardStore }) {
  const look = useLook(board);
  const view = board.view.value;
  const health = board.health.value;
  const tripped = health?.arm === 'tripped';
  const why = staleReason(board, look);
  return (
    <article
      class={`board ${look.live ? 'live' : 'stale'} ${tripped ? 'tripped' : ''}`}
      data-testid={`board-${board.id}`}
    >
      <header>
        <h2>{board.id}</h2>
        <span class="dim">
          {view?.descriptor ? `${view.descriptor.firmware} on ${view.descriptor.mcu}` : 'not known yet'}
        </span>
        <span class={`pill ${look.live ? 'good' : 'bad'}`} data-testid="liveness">
          {look.live ? 'live' : why}
        </span>
        {health?.degraded && <span class="pill warn">degraded</span>}
        <span class="spacer" />
        <Controls
          board={board}
          arm={health?.arm ?? 'unknown'}
          armable={view?.descriptor?.armable ?? false}
          connected={board.joined.value}
        />
      </header>
      {tripped && (
        <div class="trip" role="alert">
          TRIPPED ({health.tripCause}): outputs are at their safe values and stay there until somebody re-arms.
        </div>
      )}
      {board.alarms.value
        .filter((alarm) => alarm.id !== 'tripped')
        .map((alarm) => (
          <div class="alarm" role="alert" key={alarm.id}>
            {alarm.text}
          </div>
        ))}
      <Facts board={board} look={look} />
      <div class="plots">
        {board.traces.value.map((trace, index) => (
          <SignalPlot
            key={`${trace.stream}/${trace.signal.name}`}
            board={board}
            trace={trace}
            index={index}
            live={look.live}
            stale={why}
          />
        ))}
      </div>
      <div class="bottom">
        <Verdicts board={board} />
        <Culprits board={board} />
        <Misses board={board} />
      </div>
    </article>
  );
}

function staleReason(board: BoardStore, { ageSeconds }: Look): string {
  if (!board.joined.value) return 'DISCONNECTED';
  const view = board.view.value;
  if (view?.gone) return 'BOARD GONE';
  return ageSeconds === null ? 'NO LIVE DATA' : `STALE ${seconds(ageSeconds)}`;
}

function Facts({ board, look }: { board: BoardStore; look: Look }) {
  const view = board.view.value;
  const health = board.health.value;
  const rate = [...board.stats.value.values()].reduce((sum, stats) => sum + (stats.rateHz ?? 0), 0);
  return (
    <div class="facts">
      <Fact label="age of the newest value" value={look.ageSeconds === null ? '—' : seconds(look.ageSeconds)} />
      <Fact label="frames a second" value={look.live ? rate.toFixed(0) : '0'} />
      <Fact label="link" value={health?.link ?? '—'} />
      <Fact label="clock known to" value={health ? `± ${microseconds(health.clock.uncertaintyUs)}` : '—'} />
      <Fact
        label="line in use"
        value={typeof health?.lineLoad === 'number' ? `${Math.round(health.lineLoad * 100)} %` : '—'}
      />
      <Fact label="outputs" value={health?.arm ?? '—'} />
      <Fact label="boot" value={view?.boot ?? '—'} />
      <Fact label="port" value={view?.path ?? '—'} />
      {view?.gone && <Fact label="gone" value={view.gone} />}
      {board.gaps.value > 0 && <Fact label="frames this page missed" value={String(board.gaps.value)} />}
    </div>
  );
}

function Fact({ label, value }: { label: string; value: string }) {
  return (
    <div class="fact">
      <b class="number">{value}</b>
      <span>{label}</span>
    </div>
  );
}
