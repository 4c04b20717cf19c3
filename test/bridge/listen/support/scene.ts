/** A bridge whose clients publish and subscribe, with mqtt.js as the clients. */
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { type Stage, type StageOptions, stage } from './stage.ts';

/** What clients publish goes to those that subscribe to it. */
export const echo = {
  name: 'echo',
  sql: 'SELECT payload FROM "#"',
  sinks: [{ mqtt: { topic: '${topic}' } }],
};

export interface Device {
  readonly client: MqttClient;
  readonly got: IPublishPacket[];
  readonly payloads: readonly string[];
}

export class Scene {
  readonly #clients: MqttClient[] = [];
  #stage: Stage | undefined;

  get stage(): Stage {
    return this.#stage!;
  }

  get sessions() {
    return this.stage.bridge.listener!.listener.subscribing.sessions;
  }

  async start(options?: StageOptions): Promise<Stage> {
    this.#stage = await stage({ rules: [echo], ...options });
    return this.#stage;
  }

  async device(options: IClientOptions = {}): Promise<Device> {
    const client = mqtt.connect(this.stage.url, { protocolVersion: 5, reconnectPeriod: 0, ...options });
    client.on('error', () => undefined);
    this.#clients.push(client);
    const got: IPublishPacket[] = [];
    // In time for what comes right behind CONNACK.
    client.on('message', (_topic, _payload, packet) => got.push(packet));
    await new Promise((resolve, reject) => client.once('connect', resolve).once('close', reject));
    return {
      client,
      got,
      get payloads() {
        return got.map(({ payload }) => payload.toString());
      },
    };
  }

  async end(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map(each => each.endAsync(true)));
    await this.#stage?.[Symbol.asyncDispose]();
  }
}
