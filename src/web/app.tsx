import { Access } from './access.js';
import { Since } from './alarms.js';
import { Board } from './board.js';
import type { BridgeStore } from './bridge-store.js';
import { isPaused, WINDOWS_SECONDS, windowSeconds } from './plotting.js';

export function App({ store }: { store: BridgeStore }) {
  const isConnected = store.connected.value;
  const boards = store.boards.value;
  return (
    <>
      <header class={`top ${isConnected ? '' : 'lost'}`}>
        <h1>Tautline</h1>
        <span class="number version">{store.version.value}</span>
        <span class={`lamp ${isConnected ? 'good' : 'bad'}`} role="status" data-testid="connection">
          {isConnected ? 'connected' : 'DISCONNECTED'}
        </span>
        <span class="reason">{isConnected ? '' : `${store.reason.value}; trying again`}</span>
        <Window />
      </header>
      <BridgeTroubles store={store} />
      <main>
        {store.needsToken.value && <Access />}
        {boards === undefined && isConnected && <p class="empty">Waiting for the bridge's list of boards.</p>}
        {boards?.length === 0 && isConnected && (
          <p class="empty">
            No board yet. Plug one in, or run <code>tautline doctor</code> to see what stands in the way.
          </p>
        )}
        {boards?.map((board) => (
          <Board key={board.id} board={board} />
        ))}
      </main>
      <footer>
        <a href="docs">HTTP interface</a> · <a href="metrics">metrics</a> · <a href="readyz">readiness</a>
      </footer>
    </>
  );
}

/** How much the plots show, and whether they stand. Values and states go on. */
function Window() {
  return (
    <fieldset class="window" aria-label="plots">
      {WINDOWS_SECONDS.map((seconds) => (
        <button
          type="button"
          key={seconds}
          aria-pressed={windowSeconds.value === seconds}
          onClick={() => {
            windowSeconds.value = seconds;
          }}
        >
          {seconds} s
        </button>
      ))}
      <button
        type="button"
        class="pause"
        aria-pressed={isPaused.value}
        onClick={() => {
          isPaused.value = !isPaused.value;
        }}
      >
        {isPaused.value ? 'Plots paused' : 'Pause plots'}
      </button>
    </fieldset>
  );
}

/** Alarms of the bridge itself, and outlets that are down. */
function BridgeTroubles({ store }: { store: BridgeStore }) {
  const down = store.outlets.value.filter((outlet) => !outlet.up);
  return (
    <div class="alarms bridge" role="alert">
      {store.alarms.value.map((alarm) => (
        <p key={alarm.id}>
          <b>{alarm.id}</b> <Since alarm={alarm} /> {alarm.text}
        </p>
      ))}
      {down.map(({ name, detail }) => (
        <p key={name}>
          <b>{name} is down</b> {detail}
        </p>
      ))}
    </div>
  );
}
