/** Managed brokers behind Gateways: a real API server with the definitions of the Gateway API, and the operator under the role of its installation. */
import { expect, it } from 'vitest';
import { definitionOf } from '../crds/others.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { expectNoFaults, stageForBridges } from './support/bridge-stage.ts';
import { startOperator } from './support/stage.ts';

const parentRefs = [{ name: 'public', namespace: 'gateways', sectionName: 'mqtts' }];
const tls = { secretName: 'cars-tls' };
const mqtt = (more: object = {}) => ({ broker: { kind: 'mosquitto', ...more } });

describeReal('kubernetes', 'kwok')('a managed broker behind a Gateway', () => {
  const stage = stageForBridges();
  const routes = async (): Promise<string[]> =>
    (await stage.kubectl('get', 'tlsroutes,tcproutes', '-o', 'name')).split('\n').filter(line => line !== '');
  const specOf = async (kind: string) => (await stage.kubernetes.get(kind, 'cars-broker'))?.spec;

  it('runs all the same where there is no Gateway API, and says so', async () => {
    await stage.kubectl(
      'create',
      'secret',
      'generic',
      'cars-tls',
      '--from-literal=tls.crt=a',
      '--from-literal=tls.key=b',
    );
    await stage.apply('cars', {
      mqtt: mqtt({ tls, gateway: { parentRefs, hostnames: ['mqtt.example.com'] } }),
    } as never);
    const { message } = await stage.look.reaches('cars', 'Degraded', 'True', 'GatewayApiMissing');
    expect(message).toContain('no TLSRoute');
    await stage.look.reaches('cars', 'Ready', 'True');
  });

  it('gets its route when there is one, and says what the Gateway says', async () => {
    await stage.kubernetes.apply(definitionOf('tlsroutes'), definitionOf('tcproutes'));
    await until('routes to be served', () => routes().then(() => true));
    await stage.operator.stop();
    stage.operator = await startOperator(stage.kubernetes);
    const spec = await until('the route', () => specOf('tlsroute'));
    expect(spec).toMatchObject({
      parentRefs: [{ kind: 'Gateway', ...parentRefs[0] }],
      hostnames: ['mqtt.example.com'],
      rules: [{ backendRefs: [{ name: 'cars-broker', port: 8883 }] }],
    });
    const answer = async (status: string, reason: string) => {
      const condition = { type: 'Accepted', status, reason, message: 'no', lastTransitionTime: '2026-11-30T10:00:00Z' };
      const parents = [{ parentRef: parentRefs[0], controllerName: 'example.com/gateway', conditions: [condition] }];
      const patch = JSON.stringify({ status: { parents } });
      await stage.kubectl('patch', 'tlsroute', 'cars-broker', '--subresource=status', '--type=merge', '-p', patch);
    };
    await answer('False', 'NotAllowedByListeners');
    const { message } = await stage.look.reaches('cars', 'Degraded', 'True', 'RouteNotAccepted');
    expect(message).toContain('Gateway gateways/public (mqtts) says NotAllowedByListeners: no');
    expect(await stage.look.condition('cars', 'Ready')).toMatchObject({ status: 'True' });
    await answer('True', 'Accepted');
    await stage.look.reaches('cars', 'Degraded', 'False', 'AsExpected');
  });

  it('has its route set right, and nothing written when it is', async () => {
    const patch = '[{"op": "replace", "path": "/spec/hostnames/0", "value": "other.example.com"}]';
    await stage.kubectl('patch', 'tlsroute', 'cars-broker', '--type=json', '-p', patch);
    await until(
      'the name to be as it was',
      async () => (await specOf('tlsroute'))?.hostnames[0] === 'mqtt.example.com',
    );
    await stage.kubectl('delete', 'tlsroute', 'cars-broker');
    await until('the route to be there again', () => specOf('tlsroute'));
    const looked = async () => {
      const { values } = await stage.operator.registry.getSingleMetric('controller_runtime_reconcile_total')!.get();
      return values.reduce((sum, { value }) => sum + value, 0);
    };
    const { resourceVersion } = (await stage.kubernetes.get('tlsroute', 'cars-broker'))!.metadata;
    const before = await looked();
    await stage.annotate('cars', 'look=again');
    await until('another look', async () => (await looked()) > before);
    expect((await stage.kubernetes.get('tlsroute', 'cars-broker'))!.metadata.resourceVersion).toBe(resourceVersion);
  });

  it('has another kind of route when its document asks for it, and none when it asks for none', async () => {
    await stage.apply('cars', { mqtt: mqtt({ tls, gateway: { parentRefs } }) } as never);
    await until(
      'the other route alone',
      async () => (await routes()).join() === 'tcproute.gateway.networking.k8s.io/cars-broker',
    );
    await stage.apply('cars', { mqtt: mqtt({ tls }) } as never);
    await until('no route', async () => (await routes()).length === 0);
  });

  it('of a bridge that clients connect to has its route as well', async () => {
    const gateway = { parentRefs, hostnames: ['mqtt.example.com'] };
    const secret = (key: string) => ({ valueFrom: { secretKeyRef: { name: 'cars-tls', key } } });
    const listen = [{ port: 1883 }, { port: 8883, tls: { cert: secret('tls.crt'), key: secret('tls.key') } }];
    await stage.apply('served', { mqtt: { listen, clients: { anonymous: true } }, bridge: { gateway } } as never);
    const route = await until('the route', () => stage.kubernetes.get('tlsroute', 'served-mqtt'));
    expect(route.spec).toMatchObject({
      hostnames: ['mqtt.example.com'],
      rules: [{ backendRefs: [{ name: 'served-mqtt', port: 8883 }] }],
    });
    await stage.look.reaches('served', 'Ready', 'True');
  });

  expectNoFaults(stage);
});
