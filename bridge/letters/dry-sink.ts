/**
 * In the place of Kafka and an MQTT server: takes everything that the bridge's own writers make, and sends nothing. What only a server can refuse
 * is not found.
 */

import type { Rule } from '../../rules/rule.ts';
import type { SinkDocument } from '../../rules/rule-document.ts';
import type { LetterBox } from '../flow/letters.ts';
import type { Sink, SinkHandler, Writer } from '../flow/sink.ts';
import { Topic } from '../kafka/topic.ts';
import { KafkaWriter } from '../sinks/kafka-writer.ts';
import { MqttWriter } from '../sinks/mqtt-writer.ts';

export class DrySink implements Sink {
  readonly full = false;
  readonly hasRoom = true;
  #handler!: SinkHandler;
  #tokens: number[] = [];

  use(handler: SinkHandler): void {
    this.#handler = handler;
  }

  /** Throws as the writers do. */
  bind({ kafka, mqtt }: SinkDocument, rule: Rule): Writer {
    const take = (token: number) => this.#take(token);
    if (kafka === undefined) return new MqttWriter(mqtt!, rule, (_, token) => take(token));
    return new KafkaWriter(kafka, rule, { topic: name => new Topic(name), append: (_, __, token) => take(token) });
  }

  get letterBox(): LetterBox {
    return {
      full: false,
      hasRoom: true,
      write: (_, token) => this.#take(token),
      waiting: () => undefined,
      readEnd: () => undefined,
    };
  }

  readEnd(): void {}
  sendNow(): void {}
  flush(): void {}
  withdraw(): void {}

  waiting(): undefined {
    return undefined;
  }

  async start(): Promise<void> {}

  missing(): readonly string[] {
    return [];
  }

  async close(): Promise<void> {}

  /** A token never comes back during the call that brought it. */
  #take(token: number): void {
    this.#tokens.push(token);
    if (this.#tokens.length === 1) setImmediate(() => this.#giveBack());
  }

  #giveBack(): void {
    const tokens = this.#tokens;
    this.#tokens = [];
    this.#handler.delivered(tokens);
    this.#handler.settled();
  }
}
