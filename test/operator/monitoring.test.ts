/** Monitoring of bridges in a cluster that has the Prometheus operator: a real API server, and the operator under the role of its installation. */
import { beforeAll, describe, expect, it } from 'vitest';
import { definitionOf } from '../crds/others.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { stageForBridges } from './support/bridge-stage.ts';
import { bridge, operatorAccount, startOperator } from './support/stage.ts';

const monitoring = { exporter: {}, prometheus: { labels: { release: 'monitoring' } }, grafana: { existing: {} } };

describeReal('kubernetes', 'kwok')('where the Prometheus operator is, or is not yet', () => {
  const stage = stageForBridges();

  const names = async (what: string): Promise<string[]> =>
    (await stage.kubernetes.kubectl(['get', what, '-o', 'name'])).split('\n').filter(line => line !== '');
  const interval = async () =>
    (await stage.kubernetes.get('podmonitor', 'cars-bridge'))!.spec.podMetricsEndpoints[0].interval;

  it('a bridge that asks for it runs all the same, and says what is missing', async () => {
    await stage.kubernetes.apply(bridge('early', { monitoring: { exporter: {}, prometheus: { mode: 'operator' } } }));
    const missing = await stage.look.reaches('early', 'MonitoringReady', 'False', 'PrometheusOperatorMissing');
    expect(missing.message).toContain('no PodMonitor and no PrometheusRule');
    await stage.look.reaches('early', 'Ready', 'True');
    expect(await names('deployments')).toEqual(['deployment.apps/early-exporter']);
  });

  describe('and the operator that finds it', () => {
    beforeAll(async () => {
      await stage.kubernetes.apply(definitionOf('podmonitors'), definitionOf('prometheusrules'));
      await until('it to be served', () =>
        stage.kubernetes.kubectl(['get', 'podmonitors,prometheusrules']).then(() => true),
      );
      // It asks what there is when it starts, and every few minutes.
      await stage.operator.stop();
      stage.operator = await startOperator(stage.kubernetes);
      await stage.look.reaches('early', 'MonitoringReady', 'True', 'AllReady');
      await stage.kubernetes.kubectl(['delete', 'mkb', 'early']);
      await stage.kubernetes.apply(bridge('cars', { monitoring }));
      await stage.look.reaches('cars', 'MonitoringReady', 'True', 'AllReady');
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
      const { metadata } = (await stage.kubernetes.get('configmap', 'cars-grafana-dashboards'))!;
      expect(metadata.labels).toMatchObject({ grafana_dashboard: '1' });
    });

    it('sets right what somebody changes', async () => {
      const patch = '[{"op": "replace", "path": "/spec/podMetricsEndpoints/0/interval", "value": "1h"}]';
      await stage.kubernetes.kubectl(['patch', 'podmonitor', 'cars-bridge', '--type=json', '-p', patch]);
      await until('the interval to be as it was', async () => (await interval()) === '15s');
      await stage.kubernetes.kubectl(['delete', 'prometheusrule', 'cars-prometheus']);
      await until('the alerts to be there again', () => stage.kubernetes.get('prometheusrule', 'cars-prometheus'));
    });

    it('writes nothing when all is as it should be', async () => {
      await stage.look.reaches('cars', 'Ready', 'True');
      const looked = async () => {
        const { values } = await stage.operator.registry.getSingleMetric('controller_runtime_reconcile_total')!.get();
        return values.reduce((sum, { value }) => sum + value, 0);
      };
      const before = { requests: (await stage.kubernetes.audit()).length, looks: await looked() };
      await stage.kubernetes.kubectl(['annotate', 'mkb', 'cars', 'look=again']);
      await until('another look', async () => (await looked()) > before.looks);
      const requests = (await stage.kubernetes.audit()).slice(before.requests);
      const written = requests.filter(
        ({ user, verb }) =>
          user.endsWith(`:${operatorAccount}`) && ['create', 'update', 'patch', 'delete'].includes(verb),
      );
      expect(written).toEqual([]);
    });

    it('runs a Prometheus for a Grafana that could not know which to ask', async () => {
      await stage.kubernetes.apply(bridge('cars', { monitoring: { ...monitoring, grafana: {} } }));
      await until('a Prometheus', () => stage.kubernetes.get('statefulset', 'cars-prometheus'));
      await until('a Grafana', () => stage.kubernetes.get('deployment', 'cars-grafana'));
      await stage.look.reaches('cars', 'MonitoringReady', 'True', 'AllReady');
      expect(await names('podmonitors')).toHaveLength(2);
      expect(stage.operator.complaints).toEqual([]);
    });

    it('takes all of it away when nobody asks for it any more', async () => {
      await stage.kubernetes.apply(bridge('cars'));
      const left = async () => (await names('podmonitors,prometheusrules,deployments,configmaps')).join(' ');
      await until('it to go', async () => !/exporter|prometheus|grafana|monitor/.test(await left()));
      expect(await names('statefulsets')).toEqual(['statefulset.apps/cars-bridge']);
    });
  });
});
