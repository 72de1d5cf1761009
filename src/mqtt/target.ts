/** Which broker the outlet talks to. Pure. */
import type { Config } from '../config.js';
import type { OutletState } from '../outlet.js';
import type { MqttVersion } from './packet.js';

export interface Target {
  readonly url: string;
  readonly versions: readonly MqttVersion[];
}

export type TargetChoice =
  | { readonly kind: 'target'; readonly target: Target }
  /** The embedded broker has not said its port yet. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'wrong'; readonly text: string };

const schemes = ['mqtt:', 'mqtts:'];

export function chooseTarget({ url, embedded }: Config['mqtt'], outlets: readonly OutletState[]): TargetChoice {
  if (url !== '') return external(url);
  if (!embedded) {
    return wrong('mqtt.url is empty and mqtt.embedded is off: set one of them, or mqtt.enabled = false.');
  }
  const port = outlets.find((outlet) => outlet.name === 'broker')?.info.port;
  if (typeof port !== 'number') return { kind: 'wait' };
  return { kind: 'target', target: { url: `mqtt://127.0.0.1:${port}`, versions: [4] } };
}

function external(url: string): TargetChoice {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null) return wrong('mqtt.url is not a URL: write it as mqtt://host:1883 or mqtts://host:8883.');
  if (!schemes.includes(parsed.protocol) || parsed.hostname === '') {
    return wrong(`mqtt.url begins with ${parsed.protocol}//: it must be mqtt://host[:port] or mqtts://host[:port].`);
  }
  return { kind: 'target', target: { url, versions: [5, 4] } };
}

function wrong(text: string): TargetChoice {
  return { kind: 'wrong', text };
}
