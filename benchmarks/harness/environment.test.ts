import { expect, it } from 'vitest';
import { environment } from './environment.js';

it('says which peers were measured, and how the broker is set up', () => {
  const { nodeRed, mosquitto, mosquittoConfiguration } = environment(['ws1'], 'smoke', 1);
  expect(nodeRed).toMatch(/^\d+\.\d+\.\d+$/);
  expect(mosquitto).toMatch(/^(\d+\.\d+|not installed)/);
  expect(mosquittoConfiguration).toContain('set_tcp_nodelay true');
});
