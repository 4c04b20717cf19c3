/** Reads for some seconds what a document's MQTT server publishes, as a visitor that changes nothing there. */
import { setTimeout as pause } from 'node:timers/promises';
import type { MqttKafkaBridge } from '../api/bridge.ts';
import type { MkbError } from '../api/errors.ts';
import { visitorOf } from '../bridge/doctor/mqtt.ts';
import type { MqttMessage } from '../bridge/mqtt/message.ts';
import { Session } from '../bridge/mqtt/session.ts';
import { createLog } from '../bridge/observe/log.ts';
import { prepareParts } from '../bridge/parts.ts';
import type { Sample } from './init-proposal.ts';

export interface Seen {
  /** How many messages came; no more are taken than the session may hold. */
  readonly messages: number;
  readonly samples: readonly Sample[];
}

/** Topics, payloads of each, and bytes of a payload: a sample that a person reads needs no more. */
const mostTopics = 1000;
const payloadsOfTopic = 3;
const mostBytes = 65_536;

/** Throws why the server cannot be reached, or does not let us in. */
export async function look(
  document: MqttKafkaBridge,
  { secretsDir, seconds }: { readonly secretsDir: string; readonly seconds: number },
): Promise<Seen> {
  const parts = await prepareParts(document, { secrets: { secretsDir }, log: createLog('silent'), ordinal: 0 });
  parts.jq.close();
  parts.registries.close();
  const options = visitorOf(parts.mqttSource!.session);
  // What is read with QoS 0 needs no acknowledgement.
  const subscriptions = options.subscriptions.map(each => ({ ...each, qos: 0 as const }));
  const { promise: connected, resolve, reject } = Promise.withResolvers<void>();
  const samples = new Map<string, Sample>();
  let messages = 0;
  const session = new Session(
    { ...options, subscriptions },
    {
      message: message => {
        messages++;
        take(samples, message);
      },
      readEnd: () => undefined,
      connected: () => resolve(),
      disconnected: (error: MkbError) => reject(error),
      noticed: () => undefined,
      failed: reject,
    },
  );
  session.start();
  try {
    await connected;
    await pause(seconds * 1000);
  } finally {
    await session.close(1000);
  }
  return { messages, samples: [...samples.values()] };
}

function take(samples: Map<string, Sample>, { topic, payload, missingBytes }: MqttMessage): void {
  const known = samples.get(topic) ?? (samples.size < mostTopics ? { topic, count: 0, payloads: [] } : undefined);
  if (known === undefined) return;
  const isWhole = missingBytes === 0 && payload.length <= mostBytes;
  const payloads =
    known.payloads.length < payloadsOfTopic && isWhole ? [...known.payloads, Buffer.from(payload)] : known.payloads;
  samples.set(topic, { topic, count: known.count + 1, payloads });
}
