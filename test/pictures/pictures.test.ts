// Tables cut the columns that matter, "Value #A" stood above one, and nobody had seen it, because nothing drew the dashboards. Here Grafana's
// own panels do.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { committedDashboards, panelsOf } from '../dashboards/support/committed.ts';
import { type RunningPrometheus, startPrometheus } from '../real/prometheus.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { openPictures, type Pictures, type Shown } from './draw.ts';

const bridge = 'vehicles-of-the-northern-depot';
const vehicle = 'mqttx_1a2e341b_1004';

/** What tables show, with names as long as people give. Each value is 1 but where it matters. */
const exposed = [
  ...['matched', 'passed', 'failed'].map(
    what => `mkb_rule_${what}_total{bridge="${bridge}",rule="positions"} 12345678`,
  ),
  ...['records_delivered', 'records_failed', 'keys_missing'].map(
    what => `mkb_sink_${what}_total{bridge="${bridge}",rule="positions",sink="0"} 12345678`,
  ),
  'kafka_up{target="kafka-production"} 1',
  ...['partitions', 'leaderless_partitions', 'under_replicated_partitions'].map(
    what => `kafka_topic_${what}{target="kafka-production",topic="vehicles.positions.by-depot.v2"} 120`,
  ),
  'emqx_api_up{target="emqx-production"} 1',
  ...['enabled', 'up'].map(
    what => `emqx_connector_${what}{target="emqx-production",type="kafka_producer",connector="to-the-data-lake"} 1`,
  ),
  `vehicle_info{vehicle="${vehicle}",name="Katherine's Model S",model="S",vin="x"} 1`,
  ...['connected', 'activity'].map(what => `vehicle_${what}{vehicle="${vehicle}"} 1`),
  `vehicle_odometer_km{vehicle="${vehicle}"} 109962.6`,
  ...['speed_kmh', 'state_of_charge_percent', 'latitude', 'longitude', 'heading_degrees'].map(
    what => `vehicle_${what}{vehicle="${vehicle}"} 100`,
  ),
  ...[
    'Ready',
    'Progressing',
    'Degraded',
    'RulesValid',
    'BrokerReady',
    'KafkaReachable',
    'MonitoringReady',
    'Paused',
  ].flatMap(type =>
    ['True', 'Unknown'].map(
      status =>
        `mkb_operator_bridge_condition{namespace="logistics-production",name="${bridge}",type="${type}",status="${status}"} ${status === 'True' ? 1 : 0}`,
    ),
  ),
  'mkb_operator_mqtt_users{job="mqtt-kafka-operator",reason="BrokerNotSupported"} 12345',
  ...['MkbPublisherOrConsumerDown', 'MkbOperatorWatchEventsMissed'].map(
    name =>
      `ALERTS{alertname="${name}",alertstate="firing",severity="critical",bridge="${bridge}",source="mqtt",topic="vehicles.positions.by-depot.v2",instance="10.244.113.117:9400"} 1`,
  ),
].join('\n');

describeReal(
  'chromium',
  'grafana',
  'prometheus',
)('dashboards that Grafana’s own panels draw', () => {
  let target: Server;
  let prometheus: RunningPrometheus;
  let pictures: Pictures;

  beforeAll(async () => {
    target = createServer((_, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4').end(`${exposed}\n`);
    });
    await new Promise<void>(resolve => target.listen(0, '127.0.0.1', resolve));
    const { port } = target.address() as AddressInfo;
    const job = { address: `127.0.0.1:${port}`, labels: {}, honorLabels: true };
    prometheus = await startPrometheus({ jobs: { bridge: job } });
    await until('what is exposed to be read', async () => (await prometheus.query('ALERTS')).length > 0);
    pictures = await openPictures(prometheus.url);
  }, 240_000);
  afterAll(async () => {
    await pictures?.close();
    await prometheus?.stop();
    target?.close();
  });

  describe.each(committedDashboards)('$name', ({ name, dashboard }) => {
    let panels: readonly Shown[];
    beforeAll(async () => {
      const drawing = await pictures.draw(name, { theme: 'dark', minutes: 1, scrape: 1, open: true });
      expect(drawing.problems).toEqual([]);
      expect(drawing.png.length).toBeGreaterThan(10_000);
      panels = drawing.panels;
    }, 240_000);

    test('every panel is drawn, and none fails', () => {
      expect(panels.map(({ title }) => title).sort()).toEqual(
        panelsOf(dashboard)
          .map(({ title }) => title)
          .sort(),
      );
      expect(panels.filter(({ errors }) => errors.length > 0)).toEqual([]);
    });

    test('every table has a row, shows all its columns by their names, and cuts no text', () => {
      for (const { title, empty, columns, cut } of panels.filter(({ type }) => type === 'table')) {
        const { overrides } = panelsOf(dashboard).find(each => each.title === title)!.fieldConfig!;
        expect(empty, title).toBeUndefined();
        expect(columns, title).toEqual(overrides.map(({ matcher }) => matcher.options));
        expect(cut, title).toEqual([]);
      }
    });
  });
});
