/** What a subscriber to the bridge's broker gets: a client of its own, subscribed to everything. */
import { connectAsync, type MqttClient } from 'mqtt';
import { awaitOutlet } from './outlet-wait.js';
import type { Rig } from './rig.js';

export interface MqttMessage {
  readonly topic: string;
  readonly text: string;
  readonly retained: boolean;
  readonly qos: number;
}

/** A test that gets more wants another tool. */
const MESSAGES_MAX = 200_000;

export class MqttTap {
  /** In the order in which they came. */
  readonly messages: MqttMessage[] = [];
  /** Past the first 200,000. */
  omitted = 0;

  private constructor(
    private readonly rig: Rig,
    readonly url: string,
    private readonly client: MqttClient,
  ) {
    client.on('message', (topic, payload, { retain, qos }) => {
      if (this.messages.length >= MESSAGES_MAX) this.omitted++;
      else this.messages.push({ topic, text: payload.toString('utf8'), retained: retain, qos });
    });
  }

  static async connect(rig: Rig): Promise<MqttTap> {
    const { mqttPort } = await rig.outlets();
    const url = `mqtt://127.0.0.1:${mqttPort}`;
    const client = await connectAsync(url, { reconnectPeriod: 0 });
    const tap = new MqttTap(rig, url, client);
    await client.subscribeAsync('tautline/#', { qos: 1 });
    return tap;
  }

  /** The payloads of a topic, parsed, in order. @param topic exactly, or a pattern */
  of<Payload = unknown>(topic: string | RegExp): Payload[] {
    const is = (each: string) => (typeof topic === 'string' ? each === topic : topic.test(each));
    return this.messages.filter((message) => is(message.topic)).map(({ text }) => JSON.parse(text) as Payload);
  }

  /** Lets time pass until the condition holds. */
  until(what: string, condition: (tap: this) => boolean): Promise<void> {
    return awaitOutlet(this.rig, what, () => condition(this));
  }

  async publish(topic: string, payload: string): Promise<void> {
    await this.client.publishAsync(topic, payload, { qos: 1 });
  }

  async close(): Promise<void> {
    await this.client.endAsync(true);
  }
}
