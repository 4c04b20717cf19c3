/**
 * The demo's containers for real, as a user starts them: what the documentation promises can be seen, and no message is lost while
 * containers are killed, frozen and restarted. Images are stand-ins where none can be had (stand-ins.ts says what they are).
 */
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Load } from '../../bridge/verify/load.ts';
import { judge } from '../../bridge/verify/verdict.ts';
import { long } from '../faults/faults.ts';
import { readBack } from '../faults/read-back.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { Metrics } from '../support/metrics.ts';
import { type RunningEngine, startEngine } from './engine.ts';
import { demoVariables, Stack } from './stack.ts';
import { buildStandIns, hostNetwork } from './stand-ins.ts';

const minute = 60_000;
const topic = 'my-vehicles';

let engine: RunningEngine;

describeReal(
  'docker',
  'kafka',
  'mosquitto',
  'prometheus',
)('docker compose', () => {
  beforeAll(async () => {
    engine = await startEngine();
    await buildStandIns(engine, demoVariables());
    const stack = await Stack.of(engine, [hostNetwork]);
    await stack.compose(['build'], { timeoutMs: 5 * minute });
    await engine.docker(['image', 'prune', '--force'], { timeoutMs: 5 * minute });
  }, 10 * minute);

  afterAll(() => engine?.stop());

  describe('up', () => {
    let stack: Stack;
    let kafka: Kafka;

    beforeAll(async () => {
      stack = await Stack.of(engine);
      await stack.compose(['up', '--detach', '--wait'], { timeoutMs: 4 * minute });
      kafka = kafkaAt(stack);
    });

    afterAll(() => stack?.compose(['--profile', 'chaos', 'down', '--volumes', '--timeout', '5']));

    it('ends with every container healthy', async () => {
      for (const name of ['emqx', 'kafka', 'bridge', 'simulator', 'mqttx', 'exporter', 'prometheus', 'grafana']) {
        // `--wait` has seen it; a busy machine may have been late to answer the next time.
        await until(`${name} to be healthy`, async () => (await stack.health(name)) === 'healthy');
      }
    });

    it('brings the messages of ten vehicles to Kafka, each under its key', async () => {
      expect(await keys(kafka, 10)).toHaveLength(10);
    });

    it('shows the records with the console consumer of the Kafka container', async () => {
      const port = stack.port('KAFKA_PORT');
      const reader = ['kafka-console-consumer.sh', '--topic', topic, '--from-beginning', '--max-messages', '5'];
      const { stdout } = await stack.docker('exec', 'kafka', ...reader, '--bootstrap-server', `localhost:${port}`);
      const lines = stdout.trim().split('\n');
      expect(lines).toHaveLength(5);
      for (const line of lines) expect(JSON.parse(line)).toHaveProperty('vin');
    });

    it('shows what the vehicles publish in the log of mqttx', async () => {
      await until('a message', async () => /mqttx\/simulate\/tesla\/.*"vin"/.test(await stack.log('mqttx')));
    });

    it('lets Prometheus scrape the bridge, the exporter and the simulator', async () => {
      const up = await until('three targets', async () => {
        const series = await query(stack, 'up == 1');
        return series.length === 3 ? series : undefined;
      });
      expect(up.map(({ metric }) => metric.job).toSorted()).toEqual(['bridge', 'exporter', 'simulator']);
    });

    it('opens Grafana on the dashboard of the pipeline, for admin with the password public', async () => {
      const url = `http://127.0.0.1:${stack.port('GRAFANA_PORT')}/api/dashboards/home`;
      expect((await fetch(url)).status).toBe(401);
      const login = { headers: { authorization: `Basic ${btoa('admin:public')}` } };
      expect(await (await fetch(url, login)).json()).toMatchObject({ dashboard: { uid: 'mkb-pipeline' } });
    });

    it('runs our own containers as nobody special, unable to write, without capabilities', async () => {
      for (const name of ['bridge', 'simulator', 'exporter']) {
        const { Config, HostConfig } = await stack.inspect(name);
        expect(Config.User).toBe('1000:1000');
        expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, CapDrop: ['ALL'] });
      }
    });

    it('keeps the passwords it makes out of what Docker shows of the containers', async () => {
      // Our image has no `cat`.
      const read = `process.stdout.write(fs.readFileSync('/run/demo/emqx-api-secret'))`;
      const { stdout } = await stack.docker('exec', 'exporter', 'node', '-e', read);
      const dashboard = await stack.docker('exec', 'emqx', 'cat', '/run/demo/emqx-dashboard-password');
      for (const secret of [stdout, dashboard.stdout]) {
        expect(secret.length).toBeGreaterThan(20);
        for (const name of ['emqx', 'exporter']) {
          expect(JSON.stringify(await stack.inspect(name))).not.toContain(secret);
          expect(await stack.log(name)).not.toContain(secret);
        }
      }
    });

    it('loses no acknowledged message while chaos kills and freezes Kafka and the bridge, and the broker restarts', async () => {
      const load = new Load({
        mqttUrl: `mqtt://127.0.0.1:${stack.port('MQTT_PORT')}`,
        topicPrefix: 'mqttx/simulate/tesla',
        clients: 4,
        messagesPerClient: long ? 5000 : 1500,
        messagesPerSecond: 200,
        qos: 1,
        payloadBytes: 285,
      });
      await load.start();
      try {
        await stack.compose(['--profile', 'chaos', 'up', '--detach', '--no-deps', 'chaos']);
        await told(stack, 'bridge is on its own again');
        await stack.docker('restart', 'emqx');
        // In the long run every fault once; otherwise the first three.
        await told(stack, long ? 'emqx is frozen' : 'kafka is frozen');
        // It fixes what it is at before it ends.
        await stack.docker('stop', '--time', '100', 'chaos');
        expect(await stack.log('chaos')).toContain('kafka is killed');
        await load.finished;
        expect(load.acknowledged).toBe(load.total);
      } finally {
        await load.stop();
      }
      const arrivals = await readBack(kafka, topic, load.ledgers, 60_000);
      // The vehicles go on publishing; their records are in the same topic.
      const numbered = arrivals.filter(({ client }) => client !== undefined);
      expect(judge(load.ledgers, numbered).problems).toEqual([]);
    });

    // The bridge was shown as healthy for a minute after Kafka had died.
    it('says within seconds that a bridge without Kafka is not healthy', async () => {
      await stack.docker('kill', 'kafka');
      await until('bridge to be unhealthy', async () => (await stack.health('bridge')) === 'unhealthy', {
        timeoutMs: 2 * minute,
      });
      await stack.docker('start', 'kafka');
    });

    it('is healthy again after that, and its account is balanced', async () => {
      for (const name of ['emqx', 'kafka', 'bridge', 'simulator', 'mqttx', 'exporter']) {
        await until(`${name} to be healthy`, async () => (await stack.health(name)) === 'healthy');
      }
      const text = await (await fetch(`http://127.0.0.1:${stack.port('BRIDGE_PORT')}/metrics`)).text();
      const metrics = new Metrics(text);
      expect(metrics.unbalanced).toEqual([]);
      expect(metrics.sum('mkb_messages_dead_lettered_total')).toBe(0);
      expect(metrics.sum('mkb_messages_dropped_total')).toBe(0);
    });
  });

  describe('up without Kafka', () => {
    let stack: Stack;

    beforeAll(async () => {
      stack = await Stack.of(engine);
      const shows = ['exporter', 'prometheus', 'grafana'];
      await stack.compose(['up', '--detach', '--wait', ...shows], { timeoutMs: 4 * minute });
    });

    afterAll(() => stack?.compose(['down', '--volumes', '--timeout', '5']));

    // A Kafka that did not start kept everything from starting that would have shown it.
    it('Prometheus says that Kafka is down, and fires', async () => {
      await until('kafka_up to be 0', async () => (await query(stack, 'kafka_up == 0')).length === 1);
      const firing = 'ALERTS{alertname="KafkaDown",alertstate="firing"}';
      await until('KafkaDown to fire', async () => (await query(stack, firing)).length === 1, {
        timeoutMs: 3 * minute,
      });
    });
  });

  describe('up with the profile load', () => {
    const vehicles = 200;
    let stack: Stack;

    beforeAll(async () => {
      stack = await Stack.of(engine);
      const env = { LOAD_VEHICLES: String(vehicles), INTERVAL: '200ms' };
      await stack.compose(['--profile', 'load', 'up', '--detach', '--wait', 'load'], { env, timeoutMs: 4 * minute });
    });

    afterAll(() => stack?.compose(['--profile', 'load', 'down', '--volumes', '--timeout', '5']));

    it('brings the messages of as many vehicles more as were asked for to Kafka', async () => {
      expect(await keys(kafkaAt(stack), vehicles)).toHaveLength(vehicles);
    });
  });

  describe('without a broker', () => {
    let stack: Stack;

    beforeAll(async () => {
      stack = await Stack.of(engine, ['compose.listen.yaml']);
      await stack.compose(['up', '--detach', '--wait', 'simulator', 'mqttx', 'exporter'], { timeoutMs: 4 * minute });
    });

    afterAll(() => stack?.compose(['down', '--volumes', '--timeout', '5']));

    it('brings the messages of ten vehicles to Kafka, which the bridge takes itself', async () => {
      expect(await keys(kafkaAt(stack), 10)).toHaveLength(10);
      const { stdout } = await stack.docker('ps', '--format', '{{.Names}}');
      expect(stdout).not.toContain('emqx');
    });

    it('shows what the vehicles publish in the log of mqttx', async () => {
      await until('a message', async () => /mqttx\/simulate\/tesla\/.*"vin"/.test(await stack.log('mqttx')));
    });
  });

  describe('with Mosquitto and TLS', () => {
    let stack: Stack;

    beforeAll(async () => {
      stack = await Stack.of(engine, ['compose.mosquitto.yaml', 'compose.tls.yaml']);
      await stack.compose(['up', '--detach', '--wait', 'simulator', 'mqttx', 'exporter'], { timeoutMs: 4 * minute });
    });

    afterAll(() => stack?.compose(['down', '--volumes', '--timeout', '5']));

    it('brings the messages of ten vehicles to Kafka', async () => {
      const { stdout: ca } = await stack.docker('exec', 'kafka', 'cat', '/run/demo/tls/ca.crt');
      expect(await keys(kafkaAt(stack, { ca }), 10)).toHaveLength(10);
    });

    it('shows the records with the console consumer of the Kafka container', async () => {
      const reader = ['kafka-console-consumer.sh', '--topic', topic, '--from-beginning', '--max-messages', '1'];
      const server = ['--bootstrap-server', `localhost:${stack.port('KAFKA_PORT')}`];
      const tls = ['--command-config', '/run/demo/tls/client.properties'];
      const { stdout } = await stack.docker('exec', 'kafka', ...reader, ...server, ...tls);
      expect(JSON.parse(stdout)).toHaveProperty('vin');
    });

    it('shows what the vehicles publish in the log of mqttx', async () => {
      await until('a message', async () => /mqttx\/simulate\/tesla\/.*"vin"/.test(await stack.log('mqttx')));
    });

    it('leaves nothing behind after down --volumes', async () => {
      await stack.compose(['down', '--volumes', '--timeout', '5']);
      const left = await Promise.all([
        stack.docker('ps', '--all', '--quiet'),
        stack.docker('volume', 'ls', '--quiet'),
        stack.docker('network', 'ls', '--quiet', '--filter', 'type=custom'),
      ]);
      expect(left.map(({ stdout }) => stdout)).toEqual(['', '', '']);
    });
  });
});

/** From this machine, at the address that the documentation gives. */
const kafkaAt = (stack: Stack, ssl?: { readonly ca: string }): Kafka =>
  new Kafka({
    brokers: [`localhost:${stack.port('KAFKA_PORT')}`],
    logLevel: logLevel.NOTHING,
    retry: { retries: 60, maxRetryTime: 1000 },
    ...(ssl && { ssl: { ca: [ssl.ca] } }),
  });

/** Different keys of the topic's records, from the beginning, until there are so many. */
async function keys(kafka: Kafka, count: number): Promise<string[]> {
  const found = new Set<string>();
  const consumer = kafka.consumer({ groupId: 'keys' });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        found.add(message.key!.toString());
      },
    });
    await until(`${count} keys`, () => found.size >= count);
  } finally {
    await consumer.disconnect();
  }
  return [...found];
}

async function told(stack: Stack, line: string): Promise<void> {
  const said = async () => (await stack.log('chaos')).includes(line);
  await until(`chaos to say "${line}"`, said, { timeoutMs: 2 * minute, everyMs: 250 });
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
}

async function query(stack: Stack, expression: string): Promise<readonly Series[]> {
  const url = `http://127.0.0.1:${stack.port('PROMETHEUS_PORT')}/api/v1/query?query=${encodeURIComponent(expression)}`;
  const { data } = (await (await fetch(url)).json()) as { data: { result: Series[] } };
  return data.result;
}
