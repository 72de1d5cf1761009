import { render } from 'preact';
import { App } from './app.js';
import { BridgeStore } from './bridge-store.js';
import './style.css';

const store = new BridgeStore(location.origin);
render(<App store={store} />, document.getElementById('app')!);
