/** A device that publishes straight to a bridge. */
import { setTimeout as pause } from 'node:timers/promises';
import mqtt from 'mqtt';

const window = 10;

/** It publishes numbers in order, a window at a time, and sends again what was not acknowledged. */
export class Device {
  readonly acknowledged = new Set<number>();
  readonly #url: string;
  readonly #id: string;
  readonly #qos: 1 | 2;
  #next = 0;
  #stopped = false;
  readonly done: Promise<void>;

  constructor(url: string, id: string, qos: 1 | 2) {
    this.#url = url;
    this.#id = id;
    this.#qos = qos;
    this.done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.done;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await this.#publish().catch(() => undefined);
      await pause(20);
    }
  }

  async #publish(): Promise<void> {
    const options = { clientId: this.#id, reconnectPeriod: 0, connectTimeout: 2000, protocolVersion: 5 as const };
    const client = await mqtt.connectAsync(this.#url, options, false);
    const closed = new Promise<void>(resolve => client.once('close', () => resolve()));
    client.on('error', () => undefined);
    let open = true;
    void closed.then(() => {
      open = false;
    });
    while (!this.#stopped && open) {
      const numbers = Array.from({ length: window }, (_, index) => this.#next + index);
      const sent = numbers.map(number =>
        client
          .publishAsync(`cars/${this.#id}`, `${number}`, { qos: this.#qos })
          .then(() => void this.acknowledged.add(number)),
      );
      await Promise.race([Promise.all(sent).catch(() => undefined), closed]);
      while (this.acknowledged.has(this.#next)) this.#next++;
      // What a buffer on disk takes would else be hundreds of thousands.
      await pause(10);
    }
    await client.endAsync(true);
  }
}
