/**
 * Every query of every panel, alert and runbook against a real Prometheus that scrapes the real bridge, exporter and simulator under the
 * demo's load: a panel that stays empty, or an alert that watches a metric nobody has, is found here.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { red } from '../../dashboards/panels.ts';
import { allAlerts, ruleGroups } from '../../dashboards/rule-file.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { allPanels, committedDashboards, queriesOf, root } from './support/committed.ts';
import { type DemoStack, startDemoStack } from './support/demo-stack.ts';
import { selectors } from './support/metric-names.ts';

const runbooks = join(root, 'docs', 'runbooks');
const runbookQueries = readdirSync(runbooks).flatMap(file =>
  [...readFileSync(join(runbooks, file), 'utf8').matchAll(/promtool query instant \S+ '([^']*)'/g)].map(
    ([, query]) => ({
      file,
      query: query!,
    }),
  ),
);

/** What Grafana puts in for its variables when everything is chosen. */
const filledIn = (expr: string): string =>
  expr
    .replaceAll('$__rate_interval', '10s')
    .replaceAll('$__range', '1m')
    .replace(/"\$\w+"/g, '".*"');

describeReal(
  'kafka',
  'mosquitto',
  'prometheus',
)('the demo under its load', () => {
  let stack: DemoStack;
  beforeAll(async () => {
    stack = await startDemoStack();
  }, 180_000);
  afterAll(() => stack?.stop());

  /** Waits until a query gives a number. */
  const gives = (expr: string) =>
    until(
      `data of ${expr}`,
      async () => (await stack.prometheus.query(expr)).some(({ value }) => !Number.isNaN(value)),
      {
        everyMs: 250,
      },
    );

  describe.each(allPanels)('$name', ({ panel }) => {
    test.each(queriesOf(panel))('query $refId has data, with the labels that its legend names', async query => {
      await gives(filledIn(query.expr));
      const series = await stack.prometheus.query(filledIn(query.expr));
      const labels = [...(query.legendFormat ?? '').matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
      // Only EMQX has nodes, and its imitation does not have every figure of each.
      for (const label of labels.filter(each => each !== 'node')) {
        expect(
          series.some(each => label in each.labels),
          label,
        ).toBe(true);
      }
    });
  });

  describe.each(committedDashboards)('$name', ({ dashboard }) => {
    const [, ...variables] = dashboard.templating.list!;
    test.each(variables)('the variable $name has values', async ({ definition }) => {
      const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(definition!)!;
      await gives(`count by (${label}) (${metric}{${label}!=""})`);
    });

    test.each(dashboard.annotations.list!)('Prometheus takes the annotation $name', async ({ expr }) => {
      await stack.prometheus.query(filledIn(expr!));
    });

    test('restarts are told by processes that are there', async () => {
      const [restarts] = dashboard.annotations.list!;
      await gives(filledIn(restarts!.expr!).replace(/ > 0$/, ''));
    });
  });

  describe.each(allAlerts)('$name $severity', ({ expr }) => {
    test('what it watches is there', async () => {
      await stack.prometheus.query(expr);
      for (const selector of selectors(expr)) {
        const series = selector.replace(
          /^bridge:mkb_delivery_slow:ratio_rate\w+$/,
          'bridge:mkb_delivery_slow:ratio_rate5m',
        );
        await gives(`count(last_over_time(${series}[1m]))`);
      }
    });
  });

  test.each(runbookQueries)('Prometheus takes the query of $file: $query', async ({ query }) => {
    await stack.prometheus.query(query);
  });

  test('Prometheus works out every rule, and none fires while all is well', async () => {
    const count = ruleGroups.reduce((sum, { rules }) => sum + rules.length, 0);
    const rules = await until('every rule to be worked out', async () => {
      const all = await stack.prometheus.rules();
      return all.some(({ health }) => health === 'unknown') ? undefined : all;
    });
    expect(rules.length).toBe(count);
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(await stack.prometheus.query('ALERTS{alertstate="firing"}')).toEqual([]);
  });

  test.each(allPanels.filter(({ panel }) => panel.type === 'stat'))('$name is not red while all is well', async ({
    panel,
  }) => {
    const steps = panel.fieldConfig!.defaults.thresholds!.steps;
    const colorOf = (value: number) => steps.findLast(step => value >= (step.value ?? Number.NEGATIVE_INFINITY))!.color;
    await until('another colour than red', async () => {
      const answers = await Promise.all(queriesOf(panel).map(({ expr }) => stack.prometheus.query(filledIn(expr))));
      return answers.flat().every(({ value }) => colorOf(value) !== red);
    });
  });

  // From here on, things are broken, one after another.
  const begins = async (name: string) => {
    const { annotations } = await until(`${name} to begin`, async () =>
      (await stack.prometheus.alerts()).find(({ labels }) => labels.alertname === name),
    );
    expect(Object.keys(annotations).sort()).toEqual(['dashboard_url', 'description', 'runbook_url', 'summary']);
    expect(JSON.stringify(annotations)).not.toMatch(/\{\{|<error|<no value>/);
  };

  test('an MQTT broker that is gone is seen by the exporter and by the bridge', async () => {
    await stack.mosquitto.kill();
    await begins('MqttBrokerDown');
    await begins('MkbMqttDisconnected');
    await stack.mosquitto.start();
  });

  test('a Kafka that is gone is seen by the exporter and by the bridge', async () => {
    await Promise.all(stack.kafka.brokers.map(broker => broker.kill()));
    await begins('KafkaDown');
    await begins('MkbKafkaDisconnected');
  });

  test('a bridge that is gone is seen by Prometheus', async () => {
    await stack.bridge.kill();
    await begins('MkbBridgeDown');
  });
});
