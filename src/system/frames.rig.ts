// biome-ignore-all lint/suspicious/noExplicitAny: the official client has no types here.
/** Subscribers that check what they get: every frame once, in order, none missing. */
import mqtt, { type MqttClient } from 'mqtt';
import { Socket } from 'phoenix';
import { WebSocket } from 'ws';
import { decodeFrames } from '../sdk/columns.js';
import { until } from './processes.rig.js';

/** Sequence numbers of one stream, boot by boot. */
class SequenceCheck {
  frames = 0;
  /** Frames that were jumped over. */
  missing = 0;
  /** What was repeated or came out of order: `boot: expected a, came b`. */
  readonly disorder: string[] = [];
  readonly boots: string[] = [];
  #boot = '';
  #next = Number.NaN;

  take(boot: string, seq: number): void {
    if (boot !== this.#boot) {
      this.boots.push(boot);
      this.#boot = boot;
    } else if (seq > this.#next) this.missing += seq - this.#next;
    else if (seq < this.#next) {
      this.disorder.push(`${boot}: expected ${this.#next}, came ${seq}`);
      return;
    }
    this.#next = seq + 1;
    this.frames++;
  }
}

/** Sum of a metric of a running bridge over all label sets that contain `labels`. */
export async function metric(url: string, name: string, labels = ''): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(name) && line.includes(labels));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** The official Phoenix client, as it is, on `frames:<id>`. It joins again by itself, with the place where it was. */
export class PhoenixFrames {
  readonly check = new SequenceCheck();
  /** Answers to the joins: whether what was missed would follow. */
  readonly recovered: boolean[] = [];
  /** Frames that the gateway told were left out, because we were too slow. */
  dropped = 0;
  #since: { epoch: string; offset: number } | undefined;
  readonly #socket: any;
  readonly #channel: any;

  constructor(url: string, id: string) {
    this.#socket = new Socket(`${url.replace('http', 'ws')}/socket`, {
      transport: WebSocket as any,
      reconnectAfterMs: () => 50,
      rejoinAfterMs: () => 50,
    });
    this.#socket.onError(() => {});
    this.#channel = this.#socket.channel(`frames:${id}`, () =>
      this.#since === undefined ? {} : { since: this.#since },
    );
    this.#channel.on('dropped', ({ count }: any) => {
      this.dropped += count;
    });
    this.#channel.on('frames', ({ epoch, offset, frames }: any) => {
      this.#since = { epoch, offset };
      for (const { boot, seq } of frames) this.check.take(boot, seq);
    });
    this.#socket.connect();
    this.#channel.join().receive('ok', ({ epoch, offset, recovered }: any) => {
      this.recovered.push(recovered);
      if (this.#since === undefined || !recovered) this.#since = { epoch, offset };
    });
  }

  /** The connection breaks, and the client stays away until `back`. */
  away(): Promise<void> {
    return new Promise((resolve) => this.#socket.disconnect(() => resolve()));
  }

  back(): void {
    this.#socket.connect();
  }

  /** As a fault of the network does it; the client comes back by itself. */
  break(): void {
    this.#socket.conn?.terminate();
  }

  async more(frames: number): Promise<void> {
    const wanted = this.check.frames + frames;
    await until(`${frames} more frames over the socket`, () => this.check.frames >= wanted);
  }

  close(): void {
    this.#socket.disconnect();
  }
}

/** A subscriber of `…/frames`, in which every frame is. */
export class MqttFrames {
  readonly check = new SequenceCheck();
  private constructor(private readonly client: MqttClient) {}

  static async start(url: string, id: string, stream = 'control'): Promise<MqttFrames> {
    const client = mqtt.connect(url, { reconnectPeriod: 50 });
    client.on('error', () => {});
    const subscriber = new MqttFrames(client);
    client.on('message', (_, payload) => {
      for (const { boot, seq } of decodeFrames(new Uint8Array(payload))?.groups ?? [])
        for (const each of seq) subscriber.check.take(String(boot), each);
    });
    await client.subscribeAsync(`tautline/${id}/${stream}/frames`);
    return subscriber;
  }

  async more(frames: number): Promise<void> {
    const wanted = this.check.frames + frames;
    await until(`${frames} more frames over MQTT`, () => this.check.frames >= wanted);
  }

  close(): Promise<void> {
    return this.client.endAsync(true);
  }
}
