/**
 * Alerts for real: a Prometheus with the rules that are committed, twenty times as fast, watches the real bridge, exporter, Kafka and Mosquitto, which are
 * killed one after another. What should fire does, and what is over resolves. What is merely not seen does not.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { alertsOf, ruleFile, ruleGroups } from '../../dashboards/rule-file.ts';
import { inMemory } from '../exporter/emqx/support/recorded.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { type DemoStack, startDemoStack } from './support/demo-stack.ts';
import { fasterRules } from './support/faster-rules.ts';
import { promtool } from './support/promtool.ts';

/** Why an alert is not provoked here. Its stories in alert-cases.ts and broker-alert-cases.ts have promtool run its rule. */
const notProvoked: Readonly<Record<string, string>> = {
  MkbAccountsDoNotBalance: 'only a fault of the bridge makes it',
  MkbMessagesDeadLettered: 'a document has dead letters or drops what fails, and this one drops',
  MkbDeliverySlow: 'its objective is a second, which does not become shorter with the windows',
  MkbBacklogGrowing: 'it takes more than Kafka can write, for minutes',
  MkbBufferFull: 'the same',
  MkbWindowFull: 'the same',
  MkbBufferFilling: 'it takes a buffer on disk, and a Kafka that is slower than the devices for minutes',
  MkbBufferOld: 'the same',
  MkbBufferNotWritable: 'its disk would have to refuse; failing-disk.test.ts has the figure',
  MkbReloadFailed: 'it would be another document than the operator gave; reload.test.ts has the figure',
  MkbReconnectStorm: 'it takes more reconnects than the bridge makes in the shorter time',
  MkbPublisherOrConsumerDown: 'the bridge would have to reach both brokers',
  MqttProbeFailing: 'Mosquitto would have to let the exporter in and pass nothing on',
  MkbReplayStuck: 'it takes a day; the lag of a group has the same figure',
  KafkaPartitionWithoutLeader: 'it takes several brokers; target-real.test.ts has the figure',
  KafkaUnderReplicated: 'the same',
};

const provoked = new Set<string>();

describeReal(
  'kafka',
  'mosquitto',
  'prometheus',
)('alerts', () => {
  const folder = temporaryFolder('alerts-fire');
  let stack: DemoStack;

  beforeAll(async () => {
    const rules = join(folder, 'rules.yaml');
    writeFileSync(rules, fasterRules(ruleFile()));
    expect(await promtool('check', 'rules', rules)).toMatchObject({ ok: true });
    stack = await startDemoStack({
      rules,
      changed: ({ spec }) => {
        spec.delivery = { onFailure: { drop: {} } };
        // Ten messages a second fill no buffer, but a rule can fail.
        spec.rules.push({
          name: 'fails',
          sql: 'SELECT json_decode(payload) AS decoded FROM "fails"',
          sinks: [{ kafka: { topic: 'my-vehicles', key: 'fails' } }],
        });
        // The name is made when a message comes: a topic that is named must be there for the bridge to be ready.
        spec.rules.push({ name: 'gone', sql: 'SELECT payload FROM "gone"', sinks: [{ kafka: { topic: '${topic}' } }] });
      },
    });
  }, 240_000);
  afterAll(async () => {
    await stack?.stop();
    removeFolder(folder);
  });

  const firing = async (name: string): Promise<boolean> =>
    (await stack.prometheus.query(`ALERTS{alertname="${name}",alertstate="firing"}`)).length > 0;
  const fires = async (...names: string[]) => {
    for (const name of names) {
      await until(`${name} to fire`, () => firing(name), { timeoutMs: 120_000, everyMs: 250 });
      provoked.add(name);
    }
  };
  const resolves = async (...names: string[]) => {
    for (const name of names) {
      await until(`${name} to resolve`, async () => !(await firing(name)), { timeoutMs: 120_000, everyMs: 250 });
    }
  };
  /** Nothing is known of the group any more. That it is behind is as true as before, and so its alert goes on. */
  const goesOnUnseen = async () => {
    const alert = 'ALERTS{alertname="KafkaConsumerLag",alertstate="firing"}';
    const query = `${alert} unless on () kafka_consumer_group_lag_seconds{group="behind"}`;
    await until(
      'the alert to go on while its figure is not there',
      async () => (await stack.prometheus.query(query)).length > 0,
      {
        everyMs: 250,
      },
    );
  };
  /** Reads all there is, and goes on, as the group `behind`. */
  const readAsBehind = async (each: () => void) => {
    const consumer = stack.kafka.client().consumer({ groupId: 'behind' });
    await consumer.connect();
    await consumer.subscribe({ topic: 'my-vehicles', fromBeginning: true });
    await consumer.run({ autoCommitInterval: 500, eachMessage: async () => each() });
    return consumer;
  };
  const publish = async (topic: string, payload: string) => {
    const client = await mqtt.connectAsync(stack.mosquitto.url, { protocolVersion: 4 });
    await client.publishAsync(topic, payload, { qos: 1 });
    await client.endAsync();
  };
  const long = { timeout: 300_000 };

  test('a group that reads nothing is behind', long, async () => {
    let read = false;
    const consumer = await readAsBehind(() => {
      read = true;
    });
    await until('a record', () => read);
    await consumer.disconnect();
    await fires('KafkaConsumerLag');
  });

  test(
    'a Kafka that is killed is missed by the bridge and by the exporter, and nothing resolves because nobody sees it',
    long,
    async () => {
      const [broker] = stack.kafka.brokers;
      await broker!.kill();
      await goesOnUnseen();
      await fires('KafkaDown', 'MkbKafkaDisconnected', 'MkbNothingDelivered');
      await broker!.start();
      await resolves('KafkaDown', 'MkbKafkaDisconnected', 'MkbNothingDelivered');
    },
  );

  test('an MQTT broker that is killed is missed by both, too', long, async () => {
    await stack.mosquitto.kill();
    await fires('MqttBrokerDown', 'MkbMqttDisconnected');
    await stack.mosquitto.start();
    await resolves('MqttBrokerDown', 'MkbMqttDisconnected');
  });

  test('what a rule fails on is lost once, and not for ever', long, async () => {
    await publish('fails', 'no JSON');
    await fires('MkbMessagesLost');
    await resolves('MkbMessagesLost');
  });

  test('a topic that is deleted, and made again', long, async () => {
    await stack.kafka.createTopic('gone', { partitions: 1 });
    await publish('gone', 'while it is there');
    const admin = stack.kafka.client().admin();
    await admin.connect();
    const records = async () => Number((await admin.fetchTopicOffsets('gone'))[0]!.high);
    await until('the first record', async () => (await records()) === 1);
    await admin.deleteTopics({ topics: ['gone'] });
    await publish('gone', 'while it is not');
    await fires('MkbTopicWaits', 'MkbMessageStuck');
    await until('the topic to be made again', async () => {
      await admin.createTopics({ topics: [{ topic: 'gone', numPartitions: 1, replicationFactor: 1 }] });
      return true;
    });
    await resolves('MkbTopicWaits', 'MkbMessageStuck');
    await admin.disconnect();
  });

  test(
    'an EMQX with a dead node, a version that loses, a queue that fills, drops, and at last no API',
    long,
    async () => {
      const { cluster } = stack.emqx;
      const before = structuredClone(cluster);
      let waiting = 0;
      const growing = setInterval(() => {
        waiting = Math.min(waiting + 20, 1000);
        cluster.clients = { 'my-vehicles': { ...inMemory, mqueue_len: waiting } };
        cluster.queueFull = waiting;
      }, 200);
      try {
        Object.assign(cluster, { stopped: ['emqx@10.0.0.2'], version: '5.8.8' });
        await fires('EmqxNodeDown', 'MqttBrokerLosesMessages', 'MqttBrokerQueueFilling', 'MqttBrokerDropsMessages');
      } finally {
        clearInterval(growing);
      }
      Object.assign(cluster, { ...before, queueFull: waiting });
      await resolves('EmqxNodeDown', 'MqttBrokerLosesMessages', 'MqttBrokerDropsMessages');
      stack.emqx.intercept = (_, response) => {
        response.destroy();
        return true;
      };
      await fires('EmqxApiDown');
      stack.emqx.intercept = () => false;
      await resolves('EmqxApiDown', 'MqttBrokerQueueFilling');
    },
  );

  test('a bridge that is killed', long, async () => {
    await stack.bridge.kill();
    await fires('MkbBridgeDown');
    await stack.bridge.start();
    await resolves('MkbBridgeDown');
  });

  test('an exporter that is killed, and what it saw last does not resolve', long, async () => {
    await fires('KafkaConsumerLag');
    await stack.exporter.kill();
    await goesOnUnseen();
    await fires('MkbExporterDown');
    await stack.exporter.launch();
    await resolves('MkbExporterDown');
  });

  test('a group that catches up', long, async () => {
    await fires('KafkaConsumerLag');
    const consumer = await readAsBehind(() => {});
    await resolves('KafkaConsumerLag');
    await consumer.disconnect();
  });

  test('every alert was provoked, or has a reason', () => {
    const names = [...new Set(alertsOf(ruleGroups).map(({ name }) => name))];
    expect([...provoked, ...Object.keys(notProvoked)].toSorted()).toEqual(names.toSorted());
  });
});
