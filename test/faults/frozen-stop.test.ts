// `shutdownTimeout: 5s` took 27 s when a broker hung: Kubernetes killed the Pod before it had acknowledged what Kafka had.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startMkb } from '../cli/mkb-process.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { type RunningKafka, startKafka } from '../real/kafka.ts';
import { type RunningMosquitto, startMosquitto } from '../real/mosquitto.ts';
import { freePort } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';

/** Of the document, and what a process may take besides on a busy machine: less than the ends that took 27 s. */
const timeoutMs = 3000;
const graceMs = 10_000;

describeReal('kafka', 'mosquitto')('a bridge in both directions, asked to end', () => {
  let kafka: RunningKafka;
  let mosquitto: RunningMosquitto;
  beforeAll(async () => {
    [kafka, mosquitto] = await Promise.all([startKafka(), startMosquitto({ persistence: true })]);
  });
  afterAll(async () => {
    await Promise.all([kafka?.stop(), mosquitto?.stop()]);
  });

  let run = 0;
  const documentOf = (name: string, shutdownTimeout = `${timeoutMs}ms`) => {
    const rule = (id: string, sql: string, sink: object) => ({ name: id, sql, sinks: [sink] });
    return {
      apiVersion: 'mqttkafka.dev/v1alpha1',
      kind: 'MqttKafkaBridge',
      metadata: { name },
      spec: {
        mqtt: { url: mosquitto.url },
        kafka: { bootstrapServers: [kafka.bootstrap] },
        rules: [
          rule('there', `SELECT payload FROM "${name}/{id}"`, { kafka: { topic: name, key: '${id}' } }),
          rule('back', `SELECT * FROM "$kafka/${name}-back"`, {
            mqtt: { topic: `${name}-back`, payload: '${value}' },
          }),
        ],
        delivery: { shutdownTimeout },
      },
    };
  };

  /** It runs, and messages come all the time. */
  const started = async (shutdownTimeout?: string) => {
    const name = `stop-${run++}`;
    await Promise.all([kafka.createTopic(name), kafka.createTopic(`${name}-back`)]);
    const bridge = new MkbProcess(documentOf(name, shutdownTimeout), await freePort());
    await bridge.start();
    const publisher = mqtt.connect(mosquitto.url, { reconnectPeriod: 0 });
    publisher.on('error', () => undefined);
    let number = 0;
    const load = setInterval(() => publisher.publish(`${name}/a`, `${number++}`, { qos: 1 }), 2);
    const producer = kafka.client().producer();
    await producer.connect();
    await producer.send({ topic: `${name}-back`, messages: Array.from({ length: 200 }, () => ({ value: 'v' })) });
    await until('messages to flow', async () => (await bridge.metrics()).sum('mkb_messages_delivered_total') > 20);
    const stop = async () => {
      clearInterval(load);
      publisher.end(true);
      await producer.disconnect().catch(() => undefined);
      await bridge.remove();
    };
    return { bridge, name, stop };
  };

  const frozen = {
    'Kafka is frozen': () => [kafka.brokers[0]!],
    'the MQTT broker is frozen': () => [mosquitto],
    'both are frozen': () => [kafka.brokers[0]!, mosquitto],
  };

  test.each(
    Object.keys(frozen) as (keyof typeof frozen)[],
  )('ends in its time, and says what is left, when %s', async what => {
    const { bridge, stop } = await started();
    const sides = frozen[what]();
    try {
      for (const side of sides) side.pause();
      // Longer than any message takes: what is read from now on stays.
      await new Promise(resolve => setTimeout(resolve, 300));
      const start = performance.now();
      const code = await bridge.stop();
      const took = performance.now() - start;
      expect(took).toBeLessThan(timeoutMs + graceMs);
      expect(code).toBe(0);
      const last = JSON.parse(bridge.log(1));
      expect(last).toMatchObject({ unacknowledged: expect.any(Number), unpublished: expect.any(Number) });
      expect(last.msg).toMatch(/^stopped/);
    } finally {
      for (const side of sides) side.resume();
      await stop();
    }
  });

  /** Another command, with what its output must say before its sides are frozen. */
  const others = {
    exporter: {
      ready: /Exporter:/,
      limitMs: 5000,
      code: 0,
      args: (folder: string) => {
        const file = join(folder, 'exporter.yaml');
        const kafkaTarget = `{name: k, bootstrapServers: ["${kafka.bootstrap}"]}`;
        writeFileSync(
          file,
          `{apiVersion: mqttkafka.dev/v1alpha1, kind: MqttKafkaExporter, spec: {interval: 1s, timeout: 1s,
            mqtt: [{name: m, url: "${mosquitto.url}"}], kafka: [${kafkaTarget}]}}`,
        );
        return ['exporter', file, '--http', '127.0.0.1:0'];
      },
    },
    simulate: {
      ready: /All 5 vehicles are connected/,
      limitMs: 6000, // Five seconds for what is unacknowledged, and one for DISCONNECT.
      code: 0,
      args: () => ['simulate', '--url', mosquitto.url, '--vehicles', '5', '--interval', '100ms'],
    },
    drain: {
      ready: /MQTT is connected/,
      limitMs: timeoutMs,
      code: 1,
      args: async (folder: string) => {
        const { bridge, name, stop } = await started();
        await bridge.kill();
        await stop();
        const file = join(folder, 'bridge.json');
        writeFileSync(file, JSON.stringify(documentOf(name)));
        return ['drain', file];
      },
    },
  };

  test.each(
    Object.keys(others) as (keyof typeof others)[],
  )('mkb %s ends in its time, too, when both are frozen', async name => {
    const { args, ready, limitMs, code } = others[name];
    const folder = temporaryFolder('frozen');
    const child = startMkb(await args(folder));
    let text = '';
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', chunk => (text += chunk));
    const sides = [kafka.brokers[0]!, mosquitto];
    try {
      await until(`it to say ${ready}`, () => ready.test(text));
      for (const side of sides) side.pause();
      await new Promise(resolve => setTimeout(resolve, 300));
      const start = performance.now();
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      expect((await ended)[0], text).toBe(code);
      expect(performance.now() - start).toBeLessThan(limitMs + graceMs);
    } finally {
      for (const side of sides) side.resume();
      child.kill('SIGKILL');
      removeFolder(folder);
    }
  });

  test('ends at once at the second signal', async () => {
    const { bridge, stop } = await started('10m');
    kafka.brokers[0]!.pause();
    mosquitto.pause();
    try {
      process.kill(bridge.pid, 'SIGTERM');
      await until('readiness to be gone', async () => !(await bridge.ready()));
      // Without it the end would take ten minutes.
      await bridge.kill('SIGTERM');
    } finally {
      kafka.brokers[0]!.resume();
      mosquitto.resume();
      await stop();
    }
  });
});
