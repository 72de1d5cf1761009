import { render } from 'preact';
import { takeToken } from './access.js';
import { App } from './app.js';
import { BridgeStore } from './bridge-store.js';
import './style.css';
import './board.css';

// Relative to the page: it may stand behind a proxy, below a path.
const store = new BridgeStore(new URL('.', location.href).href, takeToken());
render(<App store={store} />, document.getElementById('app')!);
