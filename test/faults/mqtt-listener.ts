/** What comes out at an MQTT broker, heard by a client that is none of ours: as read-back.ts, but it has to listen from the beginning. */
import mqtt, { type MqttClient } from 'mqtt';
import { readNumbered } from '../../bridge/verify/numbered-message.ts';
import type { Arrival, Ledger } from '../../bridge/verify/verdict.ts';

const everyMs = 50;

export class MqttListener {
  readonly #arrivals: Arrival[] = [];
  readonly #client: MqttClient;
  /** Different messages, and when the last of them came. */
  readonly #heard = new Set<string>();
  #lastNews = 0;

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on('message', (topic, payload) => this.#hear(topic, payload));
  }

  /** Messages of client `c0` come at `<topicPrefix>/c0`. */
  static async start(mqttUrl: string, topicPrefix: string): Promise<MqttListener> {
    const client = await mqtt.connectAsync(mqttUrl, {
      clientId: `listener-${topicPrefix.replaceAll('/', '-')}`,
      clean: false,
      protocolVersion: 5,
      reconnectPeriod: 100,
      properties: { sessionExpiryInterval: 3600 },
    });
    client.on('error', () => undefined);
    const listener = new MqttListener(client);
    await client.subscribeAsync(`${topicPrefix}/+`, { qos: 1 });
    return listener;
  }

  /** Waits until all that was acknowledged has arrived, or until nothing new has come for `patienceMs`. */
  async arrivals(ledgers: readonly Ledger[], patienceMs: number): Promise<Arrival[]> {
    this.#lastNews = performance.now();
    const wanted = ledgers.flatMap(({ client, acknowledged }) => [...acknowledged].map(id => `${client} ${id}`));
    while (performance.now() - this.#lastNews < patienceMs && !wanted.every(id => this.#heard.has(id)))
      await new Promise(resolve => setTimeout(resolve, everyMs));
    return this.#arrivals;
  }

  async stop(): Promise<void> {
    await this.#client.endAsync(true);
  }

  #hear(topic: string, payload: Buffer): void {
    const { client, number } = readNumbered(payload) ?? {};
    const key = topic.slice(topic.lastIndexOf('/') + 1);
    this.#arrivals.push({ partition: 0, offset: this.#arrivals.length, key, client, number });
    const id = `${client} ${number}`;
    if (!this.#heard.has(id)) this.#lastNews = performance.now();
    this.#heard.add(id);
  }
}
