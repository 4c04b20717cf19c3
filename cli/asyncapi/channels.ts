/** The channels of a contract: each topic once, whoever reads or writes it, with the messages that are known there. */
import { isDeepStrictEqual } from 'node:util';
import type { BridgeSpec } from '../../api/bridge.ts';
import type { Address } from './addresses.ts';
import type { MessageObject } from './sent.ts';

interface Reference {
  readonly $ref: string;
}

interface Channel {
  readonly text: string;
  readonly object: object;
  readonly messages: Map<string, MessageObject>;
}

export class Channels {
  readonly #channels = new Map<string, Channel>();
  readonly #servers: Readonly<Record<Address['kind'], readonly string[]>>;
  readonly #topics: BridgeSpec['kafka']['topics'];

  constructor(servers: Readonly<Record<Address['kind'], readonly string[]>>, topics: BridgeSpec['kafka']['topics']) {
    this.#servers = servers;
    this.#topics = topics;
  }

  /** The reference to the channel of an address, which is added when it is new. */
  at(address: Address): Reference {
    return { $ref: `#/channels/${this.#nameOf(address)}` };
  }

  /** Adds a message to the channel of an address, unless the same is there. */
  message(address: Address, wanted: string, message: MessageObject): Reference {
    const name = this.#nameOf(address);
    const { messages } = this.#channels.get(name)!;
    let id = wanted;
    for (let count = 2; messages.has(id) && !isDeepStrictEqual(messages.get(id), message); count++)
      id = `${wanted}-${count}`;
    messages.set(id, message);
    return { $ref: `#/channels/${name}/messages/${id}` };
  }

  objects(): Record<string, object> {
    return Object.fromEntries(
      [...this.#channels].map(([name, { object, messages }]) => [
        name,
        messages.size === 0 ? object : { ...object, messages: Object.fromEntries(messages) },
      ]),
    );
  }

  #nameOf(address: Address): string {
    const { kind, text, address: known } = address;
    const key = `${kind} ${known ?? text}`;
    const words = (known ?? text).replace(/[^A-Za-z0-9_-]+/g, '.').replace(/^\.|\.$/g, '');
    const base = words === '' ? kind : `${kind}.${words}`;
    let name = base;
    for (let count = 2; (this.#channels.get(name)?.text ?? key) !== key; count++) name = `${base}-${count}`;
    if (!this.#channels.has(name))
      this.#channels.set(name, { text: key, object: this.#object(address), messages: new Map() });
    return name;
  }

  #object({ kind, address, text, parameters }: Address): object {
    const topic = kind === 'kafka' ? this.#topics.find(({ name }) => name === address) : undefined;
    return {
      address,
      ...(address === null && { description: `The topic is ${text}.` }),
      servers: this.#servers[kind].map(name => ({ $ref: `#/servers/${name}` })),
      ...(Object.keys(parameters).length > 0 && { parameters }),
      ...(topic && { bindings: { kafka: topicBinding(topic) } }),
    };
  }
}

/** The settings that the binding of AsyncAPI has; -1 leaves a count to the cluster. */
const topicBinding = ({ partitions, replicas, config }: BridgeSpec['kafka']['topics'][number]): object => {
  const settings: Record<string, unknown> = {};
  const policies = config['cleanup.policy']?.split(',').map(policy => policy.trim());
  if (policies !== undefined) settings['cleanup.policy'] = policies;
  for (const name of ['retention.ms', 'retention.bytes', 'delete.retention.ms', 'max.message.bytes'])
    if (/^-?[0-9]{1,15}$/.test(config[name] ?? '')) settings[name] = Number(config[name]);
  return {
    ...(partitions > 0 && { partitions }),
    ...(replicas > 0 && { replicas }),
    ...(Object.keys(settings).length > 0 && { topicConfiguration: settings }),
    bindingVersion: '0.5.0',
  };
};
