/** Pins with everything that a test sees of them, and does to them, written down. */
import type { Recording } from './recording.js';
import type { Io, Rig } from './rig.js';

type Listener = Parameters<Io['onChange']>[1];

/** @param rig is asked for its `io` anew each time: it may have become another board's */
export function recordedPins(rig: Pick<Rig, 'io' | 'nowUs'>, recording: Recording): Io {
  const did = (what: string) => recording.add('did', rig.nowUs(), { what });
  /** Of each pin that is listened to. A set for the listeners: an edge is recorded once, however many hear of it. */
  const heard = new Map<number, { readonly listeners: Set<Listener>; readonly stop: () => void }>();
  const listenTo = (pin: number) => {
    const listeners = new Set<Listener>();
    const stop = rig.io!.onChange(pin, (level, edgeUs) => {
      recording.add('edge', rig.nowUs(), { pin, level, edgeUs });
      for (const listener of [...listeners]) listener(level, edgeUs);
    });
    return { listeners, stop };
  };
  return {
    pin: (pin) => {
      const { level, driven } = rig.io!.pin(pin);
      recording.add('pin', rig.nowUs(), { pin, level, driven });
      return { level, driven };
    },
    drive: (pin, level) => {
      did(`pin ${pin} driven ${level ?? 'no more'}`);
      rig.io!.drive(pin, level);
    },
    onChange: (pin, listener) => {
      const { listeners, stop } = heard.get(pin) ?? listenTo(pin);
      heard.set(pin, { listeners, stop });
      listeners.add(listener);
      return () => {
        if (!listeners.delete(listener) || listeners.size > 0) return;
        heard.delete(pin);
        stop();
      };
    },
    setVolts: (channel, volts) => {
      did(`ADC ${channel} at ${volts} V`);
      rig.io!.setVolts(channel, volts);
    },
  };
}
