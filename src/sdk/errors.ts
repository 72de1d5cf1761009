/** Base of what the client rejects with. `code` is stable. */
export class TautlineError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = new.target.name;
  }
}

/** There is no connection, or the topic is not joined. Nothing was sent: requests are never queued. */
export class NotConnectedError extends TautlineError {
  constructor(topic: string) {
    super('not-connected', `${topic} is not joined now; nothing was sent. Try again when its status is "joined".`);
  }
}

/** No answer came in time. The request may have been executed. */
export class TimeoutError extends TautlineError {
  constructor(what: string, ms: number) {
    super('timeout', `no answer to ${what} within ${ms} ms; it may still have been executed`);
  }
}

/** The connection ended before the answer. The request may have been executed. */
export class ConnectionLostError extends TautlineError {
  constructor(what: string) {
    super('connection-lost', `the connection ended before the answer to ${what}; it may have been executed`);
  }
}

/** The bridge or the board said no. `code` is theirs. */
export class RefusedError extends TautlineError {}
