/** The bridge as a library. The client is `tautline/client`, the test kit `tautline/hil`. */
export { type Bridge, type BridgeOptions, startBridge } from './bridge.js';
export type { Descriptor } from './codec/descriptor.js';
export type { BoardConfig, Config } from './config.js';
export { type ConfigSources, type LoadedConfig, loadConfig } from './config-load.js';
export type { Contract } from './deadline/contract.js';
export { type Culprit, culprits, type Verdict, verdicts } from './deadline/verdict.js';
export { exitCodes, UserError } from './exit-codes.js';
export type { BoardCommand, CommandAnswer } from './outlet.js';
