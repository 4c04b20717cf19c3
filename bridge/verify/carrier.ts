/** The bridge of a trial, which goes away as one that is killed does, and comes back under the same name. */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import type { MkbError } from '../../api/errors.ts';
import { type Bridge, prepareBridge } from '../main.ts';
import { endSession } from '../mqtt/end-session.ts';
import type { ConnectedInfo } from '../mqtt/session-handler.ts';
import { type BridgeOptions, prepareParts } from '../parts.ts';

export class Carrier {
  readonly #document: MqttKafkaBridge;
  readonly #options: BridgeOptions;
  #bridge: Bridge | undefined;
  /** Records that Kafka acknowledged to bridges that are gone. */
  #delivered = 0;
  /** Why the bridge ended by itself, if it did. */
  failure: MkbError | undefined;

  constructor(document: MqttKafkaBridge, options: BridgeOptions) {
    this.#document = document;
    this.#options = options;
  }

  /** Returns when the bridge moves messages. Waits for brokers that are down; throws what no waiting changes. */
  async come(): Promise<void> {
    const bridge = await prepareBridge(this.#document, this.#options);
    this.#bridge = bridge;
    bridge.ended.catch((error: MkbError) => {
      this.failure ??= error;
    });
    await bridge.start();
  }

  /** Leaves without a word to the MQTT server, which has to keep what comes. */
  async leave(): Promise<void> {
    const bridge = this.#bridge;
    if (bridge === undefined) return;
    bridge.mqttSource?.session.abandon();
    await this.#end(bridge);
  }

  /** Ends the bridge in order, and its session, with what may wait in it. */
  async end(signal: AbortSignal): Promise<void> {
    const bridge = this.#bridge;
    if (bridge !== undefined) await this.#end(bridge);
    const { session, jq, registries } = await prepareParts(this.#document, this.#options);
    jq.close();
    registries.close();
    if (session) await endSession(session, () => undefined, signal);
  }

  get connection(): ConnectedInfo | undefined {
    return this.#bridge?.connection;
  }

  /** Records that Kafka has acknowledged. */
  get delivered(): number {
    return this.#delivered + (this.#bridge?.account.count('delivered') ?? 0);
  }

  /** Why it cannot move messages now; empty when it can. */
  get missing(): readonly string[] {
    return this.#bridge?.missing() ?? [];
  }

  async #end(bridge: Bridge): Promise<void> {
    await bridge.stop();
    this.#delivered += bridge.account.count('delivered');
    this.#bridge = undefined;
  }
}
