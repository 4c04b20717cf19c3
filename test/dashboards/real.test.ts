/**
 * Every query of every panel, alert and runbook against a real Prometheus that scrapes the real bridge, exporter and simulator under the
 * demo's load.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, test } from 'vitest';
import { green } from '../../dashboards/panels.ts';
import { ruleGroups } from '../../dashboards/rule-file.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { committedBridgeDashboards, root } from './support/committed.ts';
import { type DemoStack, startDemoStack } from './support/demo-stack.ts';
import { begins, describeAnswers } from './support/queries-answered.ts';
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
    stack = await startDemoStack();
  });
  afterAll(() => stack?.stop());

  describeAnswers({
    dashboards: committedBridgeDashboards,
    groups: ruleGroups,
    prometheus: () => stack.prometheus,
    rateInterval: '10s',
    // Only EMQX has nodes, and its imitation does not have every figure of each.
    rareLabels: ['node'],
  });

  test.each(runbookQueries)('Prometheus takes the query of $file: $query', async ({ query }) => {
    await stack.prometheus.query(query);
  });

  /** Waits until none of these tiles, or of all but some, has the colour of health. */
  const noneGreen = (dashboard: string, looked: (title: string) => boolean) =>
    until(`no green on ${dashboard}`, async () => {
      const tiles = (await tilesOf(stack.prometheus, named(dashboard))).filter(({ title }) => looked(title));
      return tiles.length > 0 && tiles.every(({ colors }) => !colors.includes(green));
    });

  // From here on, things are broken, one after another.

  test('an MQTT broker that is gone is seen by the exporter and by the bridge', async () => {
    await stack.mosquitto.kill();
    await begins(stack.prometheus, 'MqttBrokerDown');
    await begins(stack.prometheus, 'MkbMqttDisconnected');
    await noneGreen('mqtt-broker', title => ['Broker', 'Probe'].includes(title));
    await stack.mosquitto.start();
  });

  test('a Kafka that is gone is seen by the exporter and by the bridge', async () => {
    await Promise.all(stack.kafka.brokers.map(broker => broker.kill()));
    await begins(stack.prometheus, 'KafkaDown');
    await begins(stack.prometheus, 'MkbKafkaDisconnected');
    // What Kafka said last is still with the exporter: leaders, lag and replication must not be shown as if they were so now.
    await noneGreen('kafka', () => true);
    await noneGreen('pipeline', title => title === 'Delivered');
  });

  test('a bridge that is gone is seen by Prometheus', async () => {
    await stack.bridge.kill();
    await begins(stack.prometheus, 'MkbBridgeDown');
    // Alerts are Prometheus' own: there may be none yet.
    await noneGreen('pipeline', title => title !== 'Alerts firing');
  });
});
