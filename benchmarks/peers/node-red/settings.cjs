// Node-RED's defaults, but for: no editor, no files of its own, no output but its log, and where the serial nodes are.
const { join } = require('node:path');

module.exports = {
  uiHost: '127.0.0.1',
  httpAdminRoot: false,
  nodesDir: join(process.env.TAUTLINE_NODE_RED, 'node_modules/node-red-node-serialport'),
  flowFile: 'flow.json',
  telemetry: { enabled: false },
  logging: { console: { level: 'info' } },
};
