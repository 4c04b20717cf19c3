/**
 * Every query of every panel, alert and runbook against a real Prometheus that scrapes the real bridge, exporter and simulator under the
 * demo's load.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { red } from '../../dashboards/panels.ts';
import { ruleGroups } from '../../dashboards/rule-file.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { committedBridgeDashboards, root } from './support/committed.ts';
import { type DemoStack, startDemoStack } from './support/demo-stack.ts';
import { promtool } from './support/promtool.ts';
import { publicPanels } from './support/public-panels.ts';
import { begins, describeAnswers } from './support/queries-answered.ts';
import { nothingRemembered } from './support/remembered.ts';
import { tilesOf } from './support/tiles.ts';

const runbooks = join(root, 'docs', 'runbooks');
const runbookQueries = readdirSync(runbooks).flatMap(file =>
  [...readFileSync(join(runbooks, file), 'utf8').matchAll(/promtool query instant \S+ '([^']*)'/g)].map(
    ([, query]) => ({
      file,
      query: query!,
    }),
  ),
);

const named = (name: string) => committedBridgeDashboards.find(each => each.name === name)!;

describeReal(
  'kafka',
  'mosquitto',
  'prometheus',
)('the demo under its load', () => {
  let stack: DemoStack;
  beforeAll(async () => {
    stack = await startDemoStack({ buffered: true });
    await replayDeadLetters();
  });
  afterAll(() => stack?.stop());

  /** What a replay of dead letters leaves: a group that nobody is a member of, and that has read all. */
  async function replayDeadLetters(): Promise<void> {
    const admin = stack.kafka.client().admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'my-vehicles-dead', numPartitions: 1 }], waitForLeaders: true });
    const partitions = [{ partition: 0, offset: '0' }];
    await admin.setOffsets({ groupId: 'my-vehicles-dead-letters', topic: 'my-vehicles-dead', partitions });
    await admin.disconnect();
  }

  describeAnswers({
    dashboards: committedBridgeDashboards,
    groups: ruleGroups,
    prometheus: () => stack.prometheus,
    rateInterval: '10s',
    // Only EMQX has nodes, and its imitation does not have every figure of each.
    rareLabels: ['node'],
  });

  test.each(runbookQueries)('promtool takes the query of $file: $query', async ({ query }) => {
    expect(await promtool('query', 'instant', stack.prometheus.url, query)).toMatchObject({ ok: true });
  });

  test.each(
    publicPanels,
  )('$panel of the public dashboard $dashboard has data: unless it is said to stay empty', async panel => {
    const { query, empty = false } = panel;
    if (!empty) await until('data', async () => (await stack.prometheus.query(query)).length > 0);
    else expect(await stack.prometheus.query(query)).toEqual([]);
  });

  test('the page on monitoring says which panels of public dashboards stay empty', () => {
    const page = readFileSync(join(root, 'docs', 'monitoring.md'), 'utf8');
    for (const { panel, empty } of publicPanels) if (empty) expect(page).toContain(`*${panel}*`);
  });

  /** Of a test that waits for several states, each of which may take its time on a busy machine. */
  const patience = 120_000;
  /** Waits until no dashboard shows what is not known any more. */
  const nothingKnownOf = (metrics: RegExp, chosen: Record<string, string> = {}) =>
    nothingRemembered(stack.prometheus, { dashboards: committedBridgeDashboards, metrics, chosen });
  /** Waits until all that a tile shows is red. */
  const becomesRed = (dashboard: string, tile: string) =>
    until(`a red ${tile} on ${dashboard}`, async () => {
      const { colors } = (await tilesOf(stack.prometheus, named(dashboard))).find(({ title }) => title === tile)!;
      return colors.length > 0 && colors.every(color => color === red);
    });

  // From here on, things are broken, one after another.

  test(
    'an MQTT broker that is gone is seen by the exporter and by the bridge',
    async () => {
      await stack.mosquitto.kill();
      await begins(stack.prometheus, 'MqttBrokerDown');
      await begins(stack.prometheus, 'MkbMqttDisconnected');
      // Its figures are still with the exporter, and where the vehicles were with the simulator.
      await nothingKnownOf(/^mqtt_(broker_(?!up$)|probe_seconds)|^vehicle_(?!connected$|info$)/, { broker: 'broker' });
      await becomesRed('mqtt-broker', 'Broker');
      await becomesRed('mqtt-broker', 'Probe');
      await stack.mosquitto.start();
    },
    patience,
  );

  test(
    'a Kafka that is gone is seen by the exporter and by the bridge',
    async () => {
      await Promise.all(stack.kafka.brokers.map(broker => broker.kill()));
      await begins(stack.prometheus, 'KafkaDown');
      await begins(stack.prometheus, 'MkbKafkaDisconnected');
      // What Kafka said last is still with the exporter: leaders, lag and replication must not be shown as if they were so now.
      await nothingKnownOf(/^kafka_(?!up$)/);
      await becomesRed('kafka', 'Kafka');
      await becomesRed('pipeline', 'Delivered');
      await becomesRed('vehicles', 'Delivered to Kafka');
    },
    patience,
  );

  test(
    'a bridge that is gone is seen by Prometheus',
    async () => {
      await stack.bridge.kill();
      await begins(stack.prometheus, 'MkbBridgeDown');
      await nothingKnownOf(/^(mkb|bridge_source:mkb)_/);
      await becomesRed('pipeline', 'Connected');
    },
    patience,
  );

  test(
    'a simulator that is gone leaves no vehicle on the map',
    async () => {
      await stack.simulator.kill();
      await nothingKnownOf(/^(vehicle|simulator)_/);
    },
    patience,
  );
});
