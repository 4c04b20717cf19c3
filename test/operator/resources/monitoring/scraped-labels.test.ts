/** What Prometheus makes of a Pod's metrics, by the PodMonitor of a bridge; a real Prometheus, configured as the Prometheus operator would. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { prometheusOperatorObjects } from '../../../../operator/resources/monitoring/prometheus-operator.ts';
import { removeFolder, temporaryFolder } from '../../../real/cleanup.ts';
import { type RunningPrometheus, startPrometheus } from '../../../real/prometheus.ts';
import { describeReal } from '../../../real/require.ts';
import { until } from '../../../real/until.ts';
import { objectOf, pipelineOf } from '../../support/pipelines.ts';

/** A Pod of a tenant, with the labels that the PodMonitor selects by, and a page that they have written. */
const page = [
  'mkb_messages_received_total{bridge="cars",source="mqtt"} 1',
  'mkb_messages_lost_total{bridge="other",namespace="payments",job="bridge",instance="other-bridge-0"} 1000',
  'kube_node_status{namespace="kube-system",job="kubelet",pod="etcd-0"} 0',
].join('\n');

interface Relabeling {
  readonly action: string;
  readonly sourceLabels?: string[];
  readonly targetLabel?: string;
  readonly replacement?: string;
  readonly regex?: string;
}

/** As a configuration of Prometheus spells it. */
const relabel = ({ action, sourceLabels, targetLabel, replacement, regex }: Relabeling) => ({
  action,
  ...(sourceLabels && { source_labels: sourceLabels }),
  ...(targetLabel && { target_label: targetLabel }),
  ...(replacement !== undefined && { replacement }),
  ...(regex !== undefined && { regex }),
});

describeReal('prometheus')('what Prometheus makes of the metrics of a Pod', () => {
  let server: Server;
  let prometheus: RunningPrometheus;
  let folder: string;

  beforeAll(async () => {
    server = createServer((_, response) => response.end(`${page}\n`)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const objects = prometheusOperatorObjects(
      pipelineOf(
        { monitoring: { prometheus: {} } },
        { observed: { apis: { prometheusOperator: true, routes: [], strimzi: undefined } } },
      ),
    );
    const { podMetricsEndpoints } = objectOf(objects, 'PodMonitor').spec;
    const [{ honorLabels = false, relabelings, metricRelabelings }] = podMetricsEndpoints;
    const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    folder = temporaryFolder('scraped-labels');
    const configFile = join(folder, 'prometheus.yml');
    const labels = { __meta_kubernetes_pod_name: 'cars-bridge-0', namespace: 'shop', pod: 'cars-bridge-0' };
    const job = {
      job_name: 'bridge',
      scrape_interval: '1s',
      honor_labels: honorLabels,
      static_configs: [{ targets: [target], labels }],
      relabel_configs: relabelings.map(relabel),
      metric_relabel_configs: metricRelabelings.map(relabel),
    };
    writeFileSync(configFile, stringify({ scrape_configs: [job] }));
    prometheus = await startPrometheus({ configFile });
  });

  afterAll(async () => {
    await prometheus?.stop();
    server?.close();
    if (folder) removeFolder(folder);
  });

  const one = (metric: string) =>
    until(`the series of ${metric}`, async () => (await prometheus.query(metric))[0]?.labels);
  const own = { bridge: 'cars', namespace: 'shop', job: 'bridge', instance: 'cars-bridge-0' };

  it('is one series of the bridge, without its name twice', async () => {
    expect(await one('mkb_messages_received_total')).toEqual({
      __name__: 'mkb_messages_received_total',
      pod: 'cars-bridge-0',
      source: 'mqtt',
      ...own,
    });
  });

  // A Pod with the labels of a bridge wrote series with the namespace and the name of another team's bridge, and paged that team.
  it('is never a series of another namespace, bridge or job', async () => {
    expect(await one('mkb_messages_lost_total')).toMatchObject({ ...own, exported_namespace: 'payments' });
    expect(await one('kube_node_status')).toMatchObject({ ...own, pod: 'cars-bridge-0', exported_job: 'kubelet' });
  });
});
