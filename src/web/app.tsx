import { Board } from './board.js';
import type { BridgeStore } from './bridge-store.js';

export function App({ store }: { store: BridgeStore }) {
  const connected = store.connected.value;
  const outletsDown = store.outlets.value.filter((outlet) => !outlet.up);
  return (
    <>
      <header class="top">
        <h1>tautline</h1>
        <span class="dim number">{store.version.value}</span>
        <span class="spacer" />
        {outletsDown.map(({ name, detail }) => (
          <span class="pill warn" key={name} title={detail}>
            {name}: {detail}
          </span>
        ))}
        <span class={`pill ${connected ? 'good' : 'bad'}`} data-testid="connection">
          {connected ? 'connected' : 'disconnected'}
        </span>
      </header>
      {!connected && (
        <div class="banner" role="alert">
          No connection to the bridge ({store.reason.value}). Nothing below is live; trying again.
        </div>
      )}
      {store.alarms.value.map((alarm) => (
        <div class="alarm" role="alert" key={alarm.id}>
          {alarm.text}
        </div>
      ))}
      <main>
        {store.boards.value.length === 0 && connected && (
          <p class="empty">
            No board yet. Plug one in, or run <code>tautline doctor</code> to see what stands in the way.
          </p>
        )}
        {store.boards.value.map((board) => (
          <Board key={board.id} board={board} />
        ))}
      </main>
      <footer>
        <a href="docs">HTTP interface</a> · <a href="metrics">metrics</a> · <a href="readyz">readiness</a>
      </footer>
    </>
  );
}
