import { expect, it } from 'vitest';
import { brokerObjects } from '../../../../operator/resources/broker/broker.ts';
import { pipelineWith } from './support.ts';

const tls = { secretName: 'cars-tls' };
const parentRefs = [{ name: 'public', namespace: 'gateways', sectionName: 'mqtts' }];
const routesOf = (broker: object) =>
  brokerObjects(pipelineWith({ kind: 'mosquitto', ...broker }), []).filter(({ kind }) => kind.endsWith('Route'));

it('a document that asks for no Gateway gets no route', () => {
  expect(routesOf({ tls })).toEqual([]);
});

it.each([
  ['TLSRoute', { tls, gateway: { parentRefs, hostnames: ['mqtt.example.com'] } }, 8883],
  ['TCPRoute', { tls, gateway: { parentRefs } }, 8883],
  ['TCPRoute', { gateway: { parentRefs } }, 1883],
  ['TCPRoute', { kind: 'emqx', replicas: 3, gateway: { parentRefs } }, 1883],
])("a %s leads to the port that is for everybody, of the broker's own Service", (kind, broker, port) => {
  const [route, ...more] = routesOf(broker);
  expect(more).toEqual([]);
  expect(route).toMatchObject({
    kind,
    metadata: { name: 'cars-broker', namespace: 'shop', labels: { 'app.kubernetes.io/component': 'broker' } },
    spec: {
      parentRefs: [{ kind: 'Gateway', ...parentRefs[0] }],
      rules: [{ backendRefs: [{ name: 'cars-broker', port }] }],
    },
  });
});
