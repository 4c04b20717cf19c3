/**
 * Draining at HiveMQ, where what waits for a shared subscription is the group's and not the session's: who has unsubscribed is given
 * nothing of it. A drain that began with UNSUBSCRIBE lost 150 of 200 messages here when it was the last of its group.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { Load } from '../../bridge/verify/load.ts';
import { readNumbered } from '../../bridge/verify/numbered-message.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../demo/embedded/kafka.ts';
import { type RunningHivemq, startHivemq } from '../real/hivemq.ts';
import { describeReal } from '../real/require.ts';
import { DrainProcess, leaveSession, sessionPresent } from './left-session.ts';
import { runLimitMs } from './under-fault.ts';

vi.setConfig({ testTimeout: runLimitMs });

const clients = 4;
const messages = 5000;

describeReal('hivemq')('sessions that replicas left behind at HiveMQ', () => {
  let hivemq: RunningHivemq;
  let kafka: EmbeddedKafka;
  let load: Load;
  let drains: DrainProcess[] = [];

  beforeAll(async () => {
    hivemq = await startHivemq();
  });

  beforeEach(async () => {
    kafka = await startEmbeddedKafka({ topics: [{ name: 't', partitions: 2 }] });
  });

  afterEach(async () => {
    await Promise.all(drains.map(drain => drain.kill()));
    await load.stop();
    await kafka.stop();
  });

  afterAll(() => hivemq?.stop());

  const documentOf = (prefix: string, mqtt: object) => ({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: prefix },
    spec: {
      mqtt: { url: hivemq.url, ...mqtt },
      kafka: { bootstrapServers: [kafka.bootstrap] },
      rules: [
        {
          name: 'carry',
          sql: `SELECT payload FROM "${prefix}/{clientid}"`,
          sinks: [{ kafka: { topic: 't', key: '${clientid}' } }],
        },
      ],
    },
  });

  const publishAll = async (topicPrefix: string): Promise<void> => {
    const messagesPerClient = messages / clients;
    const rest = { qos: 1, messagesPerSecond: 20_000, payloadBytes: 285 } as const;
    load = new Load({ mqttUrl: hivemq.url, topicPrefix, clients, messagesPerClient, ...rest });
    await load.start();
    await load.finished;
    expect(load.acknowledged).toBe(messages);
  };

  const drain = (document: object, ...ordinals: number[]) => {
    drains = ordinals.map(ordinal => new DrainProcess(document, ordinal));
    return Promise.all(drains.map(({ ended }) => ended));
  };

  const distinctRecords = () =>
    new Set(
      kafka.records('t').map(({ value }) => {
        const { client, number } = readNumbered(value!)!;
        return `${client} ${number}`;
      }),
    ).size;

  test('the last two of a group are drained at once, and every message is in Kafka', async () => {
    const filter = '$share/group/shared/+';
    for (const clientId of ['shared-0', 'shared-1']) await leaveSession(hivemq.url, { clientId, filter });
    await publishAll('shared');
    for (const { code, stderr } of await drain(documentOf('shared', { share: 'group' }), 0, 1))
      expect(code, stderr).toBe(0);
    expect(distinctRecords()).toBe(messages);
    for (const clientId of ['shared-0', 'shared-1']) expect(await sessionPresent(hivemq.url, clientId)).toBe(false);
  });

  test.each([
    '5',
    '3.1.1',
  ] as const)('MQTT %s: the one session of a bridge that shares nothing is drained', async version => {
    const prefix = `own-${version.replaceAll('.', '')}`;
    await leaveSession(hivemq.url, { clientId: prefix, filter: `${prefix}/+`, version });
    await publishAll(prefix);
    const [ending] = await drain(documentOf(prefix, { version }), 0);
    expect([ending!.code, ending!.stdout], ending!.stderr).toEqual([
      0,
      `Drained ${prefix}: ${messages} messages (${messages} delivered). Its session is ended.\n`,
    ]);
    expect(distinctRecords()).toBe(messages);
    expect(await sessionPresent(hivemq.url, prefix)).toBe(false);
  });
});
