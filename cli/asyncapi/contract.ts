/** What a bridge receives and sends, as a document of AsyncAPI 3.1 (https://www.asyncapi.com/docs/reference/specification/v3.1.0). */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { compileRule } from '../../rules/compile.ts';
import { documentWorld } from '../../rules/document-world.ts';
import type { RuleDocument, SinkDocument } from '../../rules/rule-document.ts';
import { type Address, sourceAddress, templateAddress } from './addresses.ts';
import { Channels } from './channels.ts';
import { formattedSchema, usedSchemas } from './schemas.ts';
import { bySchema, type RuleFacts, sentMessage } from './sent.ts';
import { kafkaServers, mqttServers } from './servers.ts';

export const asyncapiOf = (document: MqttKafkaBridge, version: string): object => {
  const { metadata, spec } = document;
  const servers = { mqtt: mqttServers(spec), kafka: kafkaServers(spec) };
  const names = { mqtt: Object.keys(servers.mqtt), kafka: Object.keys(servers.kafka) };
  const contract = new Contract(document, new Channels(names, spec.kafka.topics));
  const schemas = spec.schemas.flatMap(each => {
    const formatted = formattedSchema(each);
    return formatted === undefined ? [] : [[each.name, formatted] as const];
  });
  return {
    asyncapi: '3.1.0',
    info: { title: metadata.name, version },
    servers: { ...servers.mqtt, ...servers.kafka },
    ...contract.read(),
    ...(schemas.length > 0 && { components: { schemas: Object.fromEntries(schemas) } }),
  };
};

class Contract {
  readonly #document: MqttKafkaBridge;
  readonly #spec: MqttKafkaBridge['spec'];
  readonly #channels: Channels;
  readonly #operations: Record<string, object> = {};

  constructor(document: MqttKafkaBridge, channels: Channels) {
    this.#document = document;
    this.#spec = document.spec;
    this.#channels = channels;
  }

  read(): { channels: object; operations: object } {
    const { rules, delivery } = this.#spec;
    const world = documentWorld(this.#document);
    for (const rule of rules) this.#rule(rule, { rule: compileRule(rule.sql, world), used: usedSchemas(rule.sql) });
    const letters = delivery.onFailure.deadLetter?.topic;
    if (letters !== undefined)
      this.#send('on-failure', templateAddress('kafka', letters), 'dead-letter', {
        description: 'A message that failed as it came, with the reason in headers.',
      });
    return { channels: this.#channels.objects(), operations: this.#operations };
  }

  #rule({ name, sinks }: RuleDocument, facts: RuleFacts): void {
    const sources = facts.rule.sources.map(sourceAddress).filter(each => each !== undefined);
    for (const [at, source] of sources.entries()) this.#receive(numbered(`${name}-receive`, at), source, facts);
    for (const [at, sink] of sinks.entries()) this.#sink(name, at, sink, facts);
  }

  #receive(id: string, source: Address, { used }: RuleFacts): void {
    const messages = used.read.map(schema =>
      this.#channels.message(source, schema, bySchema(schema, this.#spec.schemas)),
    );
    this.#operations[id] = {
      action: 'receive',
      channel: this.#channels.at(source),
      ...(messages.length > 0 && { messages }),
      ...this.#receiveBinding(source),
    };
  }

  /** Of a server that the bridge itself is, clients choose the QoS; a group that is not named depends on where the bridge runs. */
  #receiveBinding({ kind }: Address): object {
    const { mqtt, kafka } = this.#spec;
    if (kind === 'mqtt') return mqtt.listen ? {} : { bindings: { mqtt: { qos: mqtt.qos, bindingVersion: '0.2.0' } } };
    const { groupId } = kafka.consumer;
    if (groupId === undefined || groupId === this.#document.metadata.name) return {};
    return { bindings: { kafka: { groupId: { type: 'string', enum: [groupId] }, bindingVersion: '0.5.0' } } };
  }

  #sink(name: string, at: number, sink: SinkDocument, facts: RuleFacts): void {
    const { kafka, mqtt } = sink;
    const address = templateAddress(kafka === undefined ? 'mqtt' : 'kafka', (kafka ?? mqtt!).topic);
    const message = sentMessage(sink, facts, this.#spec.schemas);
    this.#send(numbered(`${name}-send`, at), address, numbered(name, at), message, mqtt && publishBinding(mqtt));
    if (mqtt?.outcome !== undefined)
      this.#send(numbered(`${name}-outcome`, at), templateAddress('kafka', mqtt.outcome.topic), 'outcome', {
        contentType: 'application/json',
        description: 'What became of a message that was published.',
      });
  }

  #send(id: string, address: Address, name: string, message: object, bindings?: object): void {
    const reference = this.#channels.message(address, name, message);
    const channel = this.#channels.at(address);
    this.#operations[id] = { action: 'send', channel, messages: [reference], ...(bindings && { bindings }) };
  }
}

const numbered = (name: string, at: number): string => (at === 0 ? name : `${name}-${at + 1}`);

const publishBinding = ({ qos, retain, messageExpiry }: NonNullable<SinkDocument['mqtt']>): object => ({
  mqtt: {
    ...{ qos, retain },
    ...(/^[0-9]{1,9}$/.test(messageExpiry ?? '') && { messageExpiryInterval: Number(messageExpiry) }),
    bindingVersion: '0.2.0',
  },
});
