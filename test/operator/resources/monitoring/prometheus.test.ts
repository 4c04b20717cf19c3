import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { jobs } from '../../../../dashboards/promql.ts';
import { inputsHash } from '../../../../operator/resources/labels.ts';
import { prometheusObjects } from '../../../../operator/resources/monitoring/prometheus.ts';
import { prometheusFiles } from '../../../../operator/resources/monitoring/prometheus-config.ts';
import { promtool } from '../../../dashboards/support/promtool.ts';
import { removeFolder, temporaryFolder } from '../../../real/cleanup.ts';
import { type RunningPrometheus, startPrometheus } from '../../../real/prometheus.ts';
import { describeReal } from '../../../real/require.ts';
import { until } from '../../../real/until.ts';
import { objectOf, pipelineOf } from '../../support/pipelines.ts';

const pipelineWith = (prometheus: object = {}, more: object = { exporter: {} }, spec: object = {}) =>
  pipelineOf({ ...spec, monitoring: { prometheus, ...more } });
const statefulSet = (...args: Parameters<typeof pipelineWith>) =>
  objectOf(prometheusObjects(pipelineWith(...args)), 'StatefulSet').spec;
const argsOf = (prometheus: object): string[] => statefulSet(prometheus).template.spec.containers[0].args;

describe('a managed Prometheus', () => {
  it('keeps data as long as it is told to, and not more than its volume holds', () => {
    expect(argsOf({ retention: '1h30m', storage: '10GiB' })).toEqual(
      expect.arrayContaining(['--storage.tsdb.retention.time=5400s', '--storage.tsdb.retention.size=8589934592B']),
    );
  });

  it('has a volume of its own when it is told how large, which goes with it', () => {
    const { volumeClaimTemplates, persistentVolumeClaimRetentionPolicy, template } = statefulSet({ storage: '10GiB' });
    expect(volumeClaimTemplates[0].spec.resources.requests.storage).toBe('10737418240');
    expect(persistentVolumeClaimRetentionPolicy.whenDeleted).toBe('Delete');
    expect(template.spec.volumes.map(({ name }: { name: string }) => name)).toEqual(['config']);
  });

  it('has one that goes with its Pod otherwise, and cannot fill the node', () => {
    const { volumeClaimTemplates, template } = statefulSet();
    expect(volumeClaimTemplates).toBeUndefined();
    expect(template.spec.volumes[1]).toEqual({ name: 'data', emptyDir: { sizeLimit: '2Gi' } });
  });

  it('is not restarted by other alerts and targets, which it reads again by itself', () => {
    const hashOf = (more: object, spec: object = {}) =>
      statefulSet({}, more, spec).template.metadata.annotations[inputsHash];
    expect(prometheusFiles(pipelineWith({}, {}))).not.toEqual(prometheusFiles(pipelineWith()));
    expect(hashOf({})).toBe(hashOf({ exporter: {} }));
    expect(argsOf({})).toContain('--enable-feature=auto-reload-config');
  });

  it('scrapes the jobs that dashboards ask for, as far as they are there', () => {
    const jobsOf = (more?: object) =>
      parse(prometheusFiles(pipelineWith({}, more))['prometheus.yml']!).scrape_configs.map(
        ({ job_name }: { job_name: string }) => job_name,
      );
    expect(jobsOf()).toEqual([jobs.bridge, jobs.exporter]);
    expect(jobsOf({})).toEqual([jobs.bridge]);
  });
});

const page = 'mkb_messages_received_total{bridge="cars"} 7\nmqtt_broker_up{target="cars"} 1\n';

describeReal('prometheus')('the configuration of a managed Prometheus', () => {
  const folder = temporaryFolder('managed-prometheus');
  const config = join(folder, 'prometheus.yml');
  const files = prometheusFiles(pipelineWith());
  const target = createServer((_, response) => response.end(page));
  let prometheus: RunningPrometheus | undefined;

  beforeAll(async () => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    await new Promise<void>(resolve => target.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    await prometheus?.stop();
    target.close();
    removeFolder(folder);
  });

  it('is right, and so are the rules that it names', async () => {
    expect(await promtool('check', 'config', config)).toMatchObject({ ok: true });
  });

  it('gives every series of every job the name of the bridge once, and of the Pod without its port', async () => {
    // Of a cluster only its DNS is missing here: the targets are found by their address.
    const local = parse(files['prometheus.yml']!);
    for (const job of local.scrape_configs) {
      delete job.dns_sd_configs;
      job.static_configs = [{ targets: [`localhost:${(target.address() as AddressInfo).port}`] }];
    }
    local.global = { scrape_interval: '1s', evaluation_interval: '1s' };
    mkdirSync(join(folder, 'local'));
    writeFileSync(join(folder, 'local', 'prometheus.yml'), stringify(local));
    writeFileSync(join(folder, 'local', 'rules.yaml'), files['rules.yaml']!);
    prometheus = await startPrometheus({ configFile: join(folder, 'local', 'prometheus.yml') });
    const running = prometheus;
    await until('every job to be scraped', async () => (await running.query('up == 1')).length === 2);
    const common = { bridge: 'cars', instance: 'localhost' };
    expect((await running.query('up')).map(({ labels }) => labels)).toEqual([
      { __name__: 'up', job: 'bridge', ...common },
      { __name__: 'up', job: 'exporter', ...common },
    ]);
    expect((await running.query('mkb_messages_received_total{job="bridge"}'))[0]).toEqual({
      labels: { __name__: 'mkb_messages_received_total', job: 'bridge', ...common },
      value: 7,
    });
    expect((await running.rules()).filter(({ health }) => health === 'err')).toEqual([]);
  });
});
