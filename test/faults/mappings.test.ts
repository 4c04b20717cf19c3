/** The oracle over the mappings that stay on one side: from MQTT to MQTT, and from Kafka to Kafka. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';
import {
  bridgeKilled,
  bridgeStopped,
  byName,
  type Fault,
  kafkaCut,
  killedOnce,
  long,
  mosquittoRestarted,
  mqttCut,
  sourceKilled,
} from './faults.ts';
import { KafkaLoad } from './kafka-load.ts';
import { MqttListener } from './mqtt-listener.ts';
import { ways } from './proof/ways.ts';
import { lag, wrongAccounts } from './record-run.ts';
import { judgeUnder, load, proveVerdict, runLimitMs, settledAccounts } from './under-fault.ts';
import { oracleFor, type Run, runDocument, startWorld, type World } from './world.ts';

const clients = 4;
const payloadBytes = 285;

/** Our bridge for a run, with another rule. */
async function bridgeFor(run: Run, sql: string, sink: object): Promise<MkbProcess> {
  const document = runDocument(run) as { readonly spec: { readonly kafka: object } };
  const spec = {
    ...document.spec,
    kafka: { ...document.spec.kafka, consumer: { offsetReset: 'earliest' } },
    rules: [{ name: 'carry', sql, sinks: [sink] }],
  };
  return new MkbProcess({ ...document, spec }, await freePort());
}

async function fromMqttToMqtt(world: World, fault: Fault): Promise<void> {
  const run = await world.newRun(fault.link);
  const out = `out/${run.topic}`;
  const bridge = await bridgeFor(run, `SELECT payload FROM "${run.topicPrefix}/{clientid}"`, {
    mqtt: { topic: `${out}/\${clientid}`, payload: '${payload}' },
  });
  const listener = await MqttListener.start(world.mosquitto.url, out);
  const oracle = oracleFor(world, run, { ...load, arrivals: (...given) => listener.arrivals(...given) });
  try {
    await bridge.start();
    const verdict = await judgeUnder(world, fault, bridge, oracle);
    proveVerdict(world, ways.mqttToMqtt, fault, verdict);
    expect(verdict.problems, `${verdict.text}\n${bridge.log()}`).toEqual([]);
    expect(await settledAccounts(bridge)).toEqual([]);
  } finally {
    await Promise.all([listener.stop(), bridge.remove()]);
  }
}

async function fromKafkaToKafka(world: World, fault: Fault): Promise<void> {
  const run = await world.newRun(fault.link);
  const out = `${run.topic}-out`;
  await world.kafka.createTopic(out);
  const bridge = await bridgeFor(run, `SELECT * FROM "$kafka/${run.topic}"`, {
    kafka: { topic: out, key: '${key}', value: '${value}' },
  });
  const kafka = world.kafka.client();
  const feed = new KafkaLoad({ kafka, topic: run.topic, clients, payloadBytes, ...load });
  const oracle = oracleFor(world, run, { feed, kafkaTopic: out });
  try {
    await bridge.start();
    const verdict = await judgeUnder(world, fault, bridge, oracle);
    proveVerdict(world, ways.kafkaToKafka, fault, verdict);
    expect(verdict.problems, `${verdict.text}\n${bridge.log()}`).toEqual([]);
    expect(await wrongAccounts(bridge)).toEqual([]);
    await until('all offsets to be committed', async () => (await lag(world, run)) === 0n);
  } finally {
    await bridge.remove();
  }
}

describeReal('kafka', 'mosquitto')('nothing acknowledged is lost or overtaken', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  // With -9 Mosquitto forgets what it has acknowledged, and its sessions: it saves them when it is asked to end.
  test.each(byName(bridgeKilled, bridgeStopped, mosquittoRestarted, mqttCut))(
    'from MQTT to MQTT when %s',
    async (_name, fault) => await fromMqttToMqtt(world, fault),
    runLimitMs,
  );

  test.each(byName(sourceKilled, kafkaCut, ...(long ? [bridgeKilled, bridgeStopped] : [killedOnce])))(
    'from Kafka to Kafka when %s',
    async (_name, fault) => await fromKafkaToKafka(world, fault),
    runLimitMs,
  );
});
