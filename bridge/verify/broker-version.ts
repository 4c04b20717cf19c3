/** Which MQTT server it is, by what it publishes of itself; many do not, or not to everybody. */
import { setTimeout as pause } from 'node:timers/promises';
import mqtt, { type IClientOptions } from 'mqtt';

export interface BrokerVersion {
  readonly product: 'mosquitto' | 'emqx';
  readonly version: string;
}

const patienceMs = 1500;

export async function brokerVersion(
  url: string,
  options: IClientOptions,
  clientId: string,
): Promise<BrokerVersion | undefined> {
  const client = mqtt.connect(url, { ...options, clientId, reconnectPeriod: 0 });
  client.on('error', () => undefined);
  const { promise, resolve } = Promise.withResolvers<BrokerVersion | undefined>();
  client.on('message', (topic, payload) => resolve(versionIn(topic, payload.toString())));
  client.on('connect', () => client.subscribe(['$SYS/broker/version', '$SYS/brokers/+/version'], () => undefined));
  try {
    return await Promise.race([promise, pause(patienceMs, undefined)]);
  } finally {
    await client.endAsync(true);
  }
}

/** `mosquitto version 2.0.18`, and of EMQX the number alone. */
export function versionIn(topic: string, text: string): BrokerVersion | undefined {
  const mosquitto = /^mosquitto version ([0-9.]+)/.exec(text)?.[1];
  if (mosquitto !== undefined) return { product: 'mosquitto', version: mosquitto };
  const version = /^[0-9]+\.[0-9.]+[-a-z0-9.]*$/i.exec(text)?.[0];
  return version !== undefined && topic.startsWith('$SYS/brokers/') ? { product: 'emqx', version } : undefined;
}
