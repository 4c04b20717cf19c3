/** Bridges that carry numbered messages from a broker to Kafka while both are killed, and what came of it. */
import { randomBytes } from 'node:crypto';
import type { Verdict } from '../../bridge/verify/verdict.ts';
import { Oracle } from '../faults/oracle.ts';
import { runDocument } from '../faults/world.ts';
import type { RunningKafka } from '../real/kafka.ts';
import { freePort } from '../real/ports.ts';
import { MkbProcess } from '../support/bridge-process.ts';

/** What a test needs of a broker. */
export interface Broker {
  readonly url: string;
  kill(signal?: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface Way {
  /** `auto` is what a document has that does not say: 5, or 3.1.1 where the broker has no 5. */
  readonly version: '3.1.1' | '5' | 'auto';
  readonly qos: 1 | 2;
}

export interface CarryOptions {
  readonly kafka: RunningKafka;
  readonly broker: Broker;
  readonly ways: readonly Way[];
  /** How the broker is ended and started again in the midst of it; undefined if it keeps nothing. */
  readonly restart: 'SIGKILL' | 'SIGTERM' | undefined;
  /** Whether it keeps the order when it sends again. */
  readonly ordered: boolean;
  /** Whether it keeps what is published at the moment in which a client comes back. If not, the bridge comes back when all is published. */
  readonly keepsAtReturn: boolean;
  /** Whether clients may ask for MQTT 5. */
  readonly speaks5: boolean;
}

const messages = 2000;
const clients = 4;

/**
 * Carries 2,000 messages on each way, all of them at the same time. Each bridge is killed when a quarter of its messages is acknowledged, and
 * the broker is ended once when all have three quarters.
 */
export async function carry({
  kafka,
  broker,
  ways,
  restart,
  ordered,
  keepsAtReturn,
  speaks5,
}: CarryOptions): Promise<Verdict[]> {
  const runs = await Promise.all(ways.map(way => prepare(kafka, broker, way, ordered, speaks5)));
  try {
    await Promise.all(runs.map(({ bridge }) => bridge.start()));
    await Promise.all(
      runs.map(async ({ bridge, oracle }) => {
        await oracle.start();
        await oracle.reach(0.25);
        await bridge.kill();
        if (!keepsAtReturn) await oracle.reach(1);
        await bridge.start();
        await oracle.reach(0.75);
      }),
    );
    if (restart) {
      await broker.kill(restart);
      await broker.start();
    }
    return await Promise.all(runs.map(({ oracle }) => oracle.verdict()));
  } finally {
    await Promise.all(runs.map(({ oracle }) => oracle.stop()));
    await Promise.all(runs.map(({ bridge }) => bridge.remove()));
  }
}

async function prepare(kafka: RunningKafka, broker: Broker, { version, qos }: Way, ordered: boolean, speaks5: boolean) {
  const name = `interop-${randomBytes(4).toString('hex')}`;
  const run = {
    topic: name,
    deadTopic: `${name}-dead`,
    topicPrefix: `oracle/${name}`,
    mqttUrl: broker.url,
    bootstrap: kafka.bootstrap,
  };
  await Promise.all([run.topic, run.deadTopic].map(topic => kafka.createTopic(topic)));
  const document = runDocument(run, { qos }) as { spec: { mqtt: Record<string, unknown> } };
  document.spec.mqtt.version = version;
  document.spec.mqtt.reconnect = { minDelay: '50ms', maxDelay: '500ms' };
  const oracle = new Oracle({
    ...run,
    kafka: kafka.client(),
    kafkaTopic: run.topic,
    ordered,
    qos,
    clients,
    messagesPerClient: messages / clients,
    messagesPerSecond: 500,
    protocolVersion: version === '3.1.1' || !speaks5 ? 4 : 5,
  });
  return { bridge: new MkbProcess(document, await freePort()), oracle };
}
