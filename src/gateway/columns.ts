/** The layout belongs to the client, which must not import the bridge. */
export * from '../sdk/columns.js';
