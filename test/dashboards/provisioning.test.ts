/**
 * What Prometheus and Grafana are told at their start in the demo. Prometheus' file is checked by Prometheus' own tool; Grafana's are held
 * against the layout that Grafana documents (Provision Grafana: apiVersion 1, `datasources`, `providers`).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { jobs } from '../../dashboards/promql.ts';
import { describeReal } from '../real/require.ts';
import { root } from './support/committed.ts';
import { promtool } from './support/promtool.ts';

const demo = join(root, 'demo/compose');
const read = (...path: string[]) => parse(readFileSync(join(demo, ...path), 'utf8'));
const prometheus = read('prometheus', 'prometheus.yml');

test('every job that dashboards and alerts name is scraped, and no other', () => {
  const names = prometheus.scrape_configs.map(({ job_name }: { job_name: string }) => job_name);
  expect(names.sort()).toEqual(Object.values(jobs).sort());
});

test('the datasource is provisioned with a fixed uid, as the default, and knows the scrape interval', () => {
  const { apiVersion, datasources } = read('grafana', 'provisioning', 'datasources', 'prometheus.yaml');
  expect(apiVersion).toBe(1);
  expect(datasources).toHaveLength(1);
  expect(datasources[0]).toMatchObject({ uid: 'prometheus', type: 'prometheus', access: 'proxy', isDefault: true });
  expect(datasources[0].jsonData.timeInterval).toBe(prometheus.global.scrape_interval);
});

test('dashboards are provisioned from the folder that the demo mounts', () => {
  const { apiVersion, providers } = read('grafana', 'provisioning', 'dashboards', 'mqtt-kafka-kit.yaml');
  expect(apiVersion).toBe(1);
  expect(providers).toHaveLength(1);
  const [{ name, type, options, ...rest }] = providers;
  expect({ name, type, options }).toEqual({
    name: 'mqtt-kafka-kit',
    type: 'file',
    options: { path: '/var/lib/grafana/dashboards' },
  });
  const documented = ['orgId', 'folder', 'folderUid', 'disableDeletion', 'updateIntervalSeconds', 'allowUiUpdates'];
  expect(Object.keys(rest).filter(key => !documented.includes(key))).toEqual([]);
});

test('Grafana finds only files that it knows in its provisioning folders', () => {
  expect(readdirSync(join(demo, 'grafana', 'provisioning')).sort()).toEqual(['dashboards', 'datasources']);
});

describeReal('prometheus')('with promtool', () => {
  test('the configuration of Prometheus and the rule file that it names are right', async () => {
    expect(await promtool('check', 'config', join(demo, 'prometheus', 'prometheus.yml'))).toMatchObject({ ok: true });
  });
});
