import type { Target } from './targets.js';
export function emulatedTarget(): Target {
  throw new Error('soon');
}
export function hostTarget(): Target {
  throw new Error('soon');
}
export function portTarget(_path: string): Target {
  throw new Error('soon');
}
