/** Monitoring of bridges in a cluster that has the Prometheus operator: a real API server, and the operator under the role of its installation. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definitionOf } from '../crds/others.ts';
import type { RunningKubernetes } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { bridge, looks, operatorAccount, type RunningOperator, startCluster, startOperator } from './support/stage.ts';

const monitoring = { exporter: {}, prometheus: { labels: { release: 'monitoring' } }, grafana: { existing: {} } };

describeReal('kubernetes', 'kwok')('where the Prometheus operator is, or is not yet', () => {
  let kubernetes: RunningKubernetes;
  let operator: RunningOperator;
  let look: ReturnType<typeof looks>;

  beforeAll(async () => {
    kubernetes = await startCluster();
    look = looks(kubernetes);
    operator = await startOperator(kubernetes);
  });

  afterAll(async () => {
    await operator?.stop();
    await kubernetes?.stop();
  });

  const names = async (what: string): Promise<string[]> =>
    (await kubernetes.kubectl(['get', what, '-o', 'name'])).split('\n').filter(line => line !== '');
  const interval = async () =>
    (await kubernetes.get('podmonitor', 'cars-bridge'))!.spec.podMetricsEndpoints[0].interval;

  it('a bridge that asks for it runs all the same, and says what is missing', async () => {
    await kubernetes.apply(bridge('early', { monitoring: { exporter: {}, prometheus: { mode: 'operator' } } }));
    const missing = await look.reaches('early', 'MonitoringReady', 'False', 'PrometheusOperatorMissing');
    expect(missing.message).toContain('no PodMonitor and no PrometheusRule');
    await look.reaches('early', 'Ready', 'True');
    expect(await names('deployments')).toEqual(['deployment.apps/early-exporter']);
  });

  describe('and the operator that finds it', () => {
    beforeAll(async () => {
      await kubernetes.apply(definitionOf('podmonitors'), definitionOf('prometheusrules'));
      await until('it to be served', () => kubernetes.kubectl(['get', 'podmonitors,prometheusrules']).then(() => true));
      // It asks what there is when it starts, and every few minutes.
      await operator.stop();
      operator = await startOperator(kubernetes);
      await look.reaches('early', 'MonitoringReady', 'True', 'AllReady');
      await kubernetes.kubectl(['delete', 'mkb', 'early']);
      await kubernetes.apply(bridge('cars', { monitoring }));
      await look.reaches('cars', 'MonitoringReady', 'True', 'AllReady');
      await until(
        'everything of the other to go',
        async () => !(await names('deployments,podmonitors')).join().includes('early'),
      );
    });

    it('tells it what to scrape, and runs no Prometheus and no Grafana', async () => {
      expect(await names('podmonitors,prometheusrules')).toEqual([
        'podmonitor.monitoring.coreos.com/cars-bridge',
        'podmonitor.monitoring.coreos.com/cars-exporter',
        'prometheusrule.monitoring.coreos.com/cars-prometheus',
      ]);
      expect(await names('statefulsets,deployments')).toEqual([
        'statefulset.apps/cars-bridge',
        'deployment.apps/cars-exporter',
      ]);
      const { metadata } = (await kubernetes.get('configmap', 'cars-grafana-dashboards'))!;
      expect(metadata.labels).toMatchObject({ grafana_dashboard: '1' });
    });

    it('sets right what somebody changes', async () => {
      const patch = '[{"op": "replace", "path": "/spec/podMetricsEndpoints/0/interval", "value": "1h"}]';
      await kubernetes.kubectl(['patch', 'podmonitor', 'cars-bridge', '--type=json', '-p', patch]);
      await until('the interval to be as it was', async () => (await interval()) === '15s');
      await kubernetes.kubectl(['delete', 'prometheusrule', 'cars-prometheus']);
      await until('the alerts to be there again', () => kubernetes.get('prometheusrule', 'cars-prometheus'));
    });

    it('writes nothing when all is as it should be', async () => {
      await look.reaches('cars', 'Ready', 'True');
      const looked = async () => {
        const { values } = await operator.registry.getSingleMetric('controller_runtime_reconcile_total')!.get();
        return values.reduce((sum, { value }) => sum + value, 0);
      };
      const before = { requests: (await kubernetes.audit()).length, looks: await looked() };
      await kubernetes.kubectl(['annotate', 'mkb', 'cars', 'look=again']);
      await until('another look', async () => (await looked()) > before.looks);
      const requests = (await kubernetes.audit()).slice(before.requests);
      const written = requests.filter(
        ({ user, verb }) =>
          user.endsWith(`:${operatorAccount}`) && ['create', 'update', 'patch', 'delete'].includes(verb),
      );
      expect(written).toEqual([]);
    });

    it('runs a Prometheus for a Grafana that could not know which to ask', async () => {
      await kubernetes.apply(bridge('cars', { monitoring: { ...monitoring, grafana: {} } }));
      await until('a Prometheus', () => kubernetes.get('statefulset', 'cars-prometheus'));
      await until('a Grafana', () => kubernetes.get('deployment', 'cars-grafana'));
      await look.reaches('cars', 'MonitoringReady', 'True', 'AllReady');
      expect(await names('podmonitors')).toHaveLength(2);
      expect(operator.complaints).toEqual([]);
    });

    it('takes all of it away when nobody asks for it any more', async () => {
      await kubernetes.apply(bridge('cars'));
      const left = async () => (await names('podmonitors,prometheusrules,deployments,configmaps')).join(' ');
      await until('it to go', async () => !/exporter|prometheus|grafana|monitor/.test(await left()));
      expect(await names('statefulsets')).toEqual(['statefulset.apps/cars-bridge']);
    });
  });
});
