/** Records to MQTT with QoS 2, and with outcomes, while connections are cut and processes are killed. */
import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';
import { long } from './faults.ts';
import { bridgeKilled, byName, mosquittoRestarted, mqttCut } from './record-faults.ts';
import { documentFor, expectRecordsSafe, lag } from './record-run.ts';
import { runLimitMs } from './under-fault.ts';
import { startWorld, type World } from './world.ts';

describeReal('kafka', 'mosquitto')('a command', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  test.each(byName(mosquittoRestarted, ...(long ? [bridgeKilled] : [])))(
    'of QoS 2 reaches the subscriber, in the order of its key, when %s',
    async (_name, fault) => {
      await expectRecordsSafe(world, fault, undefined, { qos: 2 });
    },
    runLimitMs,
  );

  test(
    `of QoS 2 reaches the subscriber once when ${mqttCut.name}`,
    async () => {
      const { repeated } = await expectRecordsSafe(world, mqttCut, undefined, { qos: 2 });
      expect(repeated).toBe(0);
    },
    runLimitMs,
  );

  test(
    'has its outcome, though the bridge is killed with -9 while answers are due',
    async () => {
      const run = await world.newRun();
      const outcomeTopic = `${run.topic}-outcomes`;
      await world.kafka.createTopic(outcomeTopic);
      const bridge = new MkbProcess(
        documentFor(run, { outcome: { topic: outcomeTopic, answerWithin: '15s' } }),
        await freePort(),
        0,
      );
      const device = await mqtt.connectAsync(world.mosquitto.url, { protocolVersion: 5 });
      const commands = 300;
      let came = 0;
      let silent = true;
      device.on('message', (_topic, payload, { properties }) => {
        came++;
        if (silent && came % 2 === 0) return;
        const { responseTopic, correlationData } = properties!;
        device.publish(responseTopic!, payload, { qos: 1, properties: { correlationData: correlationData as Buffer } });
      });
      await device.subscribeAsync(`${run.topicPrefix}/+`, { qos: 1 });
      const kafka = world.kafka.client();
      const producer = kafka.producer();
      const reader = kafka.consumer({ groupId: `${run.topic}-outcomes` });
      const outcomes = new Map<string, string>();
      try {
        await Promise.all([producer.connect(), reader.connect()]);
        await reader.subscribe({ topic: outcomeTopic, fromBeginning: true });
        await reader.run({
          eachMessage: async ({ message }) => {
            const { outcome, kafka_partition, kafka_offset } = JSON.parse(message.value!.toString());
            outcomes.set(`${kafka_partition} ${kafka_offset}`, outcome);
          },
        });
        await bridge.start();
        const messages = Array.from({ length: commands }, (_, number) => ({
          key: `k${number % 4}`,
          value: `${number}`,
        }));
        await producer.send({ topic: run.topic, messages });
        // Half of them have no answer: they are under way when the bridge dies.
        await until('all commands to come', () => came >= commands);
        await bridge.kill();
        silent = false;
        await bridge.start();
        await until('each command to have its outcome', () => outcomes.size === commands, { timeoutMs: 60_000 });
        expect(new Set(outcomes.values())).toEqual(new Set(['answered']));
        await until('all offsets to be committed', async () => (await lag(world, run)) === 0n);
      } finally {
        await Promise.all([device.endAsync(true), producer.disconnect(), reader.disconnect()]);
        await bridge.remove();
      }
    },
    runLimitMs,
  );
});
