import { describe, expect, it } from 'vitest';
import { documentOf, load, told } from '../support/documents.ts';

const tls = { cert: { value: 'PEM' }, key: { value: 'PEM' } };
const plain = { port: 1883 };
const secured = { port: 8883, tls };
const stateless = { anonymous: true, sessions: { expiry: '0s' } };
const fromKafka = (sink: object) => [{ name: 'a', sql: 'SELECT * FROM "$kafka/in"', sinks: [sink] }];

const toldOf = (
  { listen = [plain], clients = stateless }: { listen?: object[]; clients?: object },
  bridge: object,
  more: object = {},
) =>
  told(load(documentOf({ mqtt: { listen, clients }, bridge, ...more } as never))).filter(
    each => !each.includes('Every client that reaches the port'),
  );

describe('several replicas that clients connect to', () => {
  it.each([
    ['replicas', { replicas: 3 }],
    ['an autoscaler', { autoscaling: { maxReplicas: 3, connections: 5000 } }],
  ])('are fine where nothing is kept for a client: %s', (_what, bridge) => {
    expect(toldOf({}, bridge)).toEqual([]);
    expect(toldOf({}, bridge, { rules: fromKafka({ kafka: { topic: 'out' } }) })).toEqual([]);
  });

  // A device came back to another replica than the one that had its session, and its commands were gone.
  it.each([
    [{ clients: { anonymous: true } }, {}, 'spec.mqtt.clients: A session lives in one of the 3 replicas'],
    [{ clients: { anonymous: true, sessions: { expiry: '1s' } } }, {}, 'spec.mqtt.clients: A session lives in one'],
    [{ clients: { ...stateless, route: true } }, {}, 'spec.mqtt.clients.route: A client would get only'],
    [{}, { rules: fromKafka({ mqtt: { topic: 'a' } }) }, 'spec.rules[0].sinks: Each message would reach the clients'],
  ])('are refused with %j and %j', (mqtt, more, problem) => {
    for (const bridge of [{ replicas: 3 }, { autoscaling: { maxReplicas: 3, cpu: 80 } }])
      expect(toldOf(mqtt, bridge, more)).toEqual([expect.stringContaining(problem)]);
    expect(toldOf(mqtt, { replicas: 1 }, more)).toEqual([]);
    expect(toldOf(mqtt, { replicas: 0 }, more)).toEqual([]);
  });
});

describe('what leads clients to the bridge', () => {
  it.each([
    [[plain], { service: { type: 'NodePort', nodePort: 30_883 } }],
    [[plain, secured], { service: { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0/8'] } }],
    [[plain], { gateway: { parentRefs: [{ name: 'public' }] } }],
    [[plain, secured], { gateway: { parentRefs: [{ name: 'public' }], hostnames: ['mqtt.example.com'] } }],
  ])('may be, for %j: %j', (listen, bridge) => {
    expect(toldOf({ listen }, bridge)).toEqual([]);
  });

  it.each([
    [[plain], { service: { nodePort: 30_883 } }, 'spec.bridge.service.nodePort: `nodePort` is given, and the type'],
    [
      [plain, secured],
      { service: { type: 'NodePort', nodePort: 30_883 } },
      'spec.bridge.service.nodePort: `nodePort` is one port, and `listen` has 2.',
    ],
    [
      [plain],
      { gateway: { parentRefs: [{ name: 'public' }], hostnames: ['mqtt.example.com'] } },
      'spec.bridge.gateway.hostnames: `hostnames` are what TLS clients ask for',
    ],
    [
      [plain],
      { gateway: { parentRefs: [{ name: 'a' }, { name: 'a' }] } },
      'spec.bridge.gateway.parentRefs[1]: Gateway a is named twice',
    ],
  ])('is refused, for %j: %j', (listen, bridge, problem) => {
    expect(toldOf({ listen }, bridge)).toEqual([expect.stringContaining(problem)]);
  });

  it('is nothing without clients', () => {
    const problems = told(
      load(
        documentOf({
          mqtt: { url: 'mqtt://a', share: 's' },
          bridge: {
            service: {},
            gateway: { parentRefs: [{ name: 'public' }] },
            autoscaling: { maxReplicas: 2, connections: 100 },
          },
        } as never),
      ),
    );
    expect(problems.map(problem => problem.split(':')[0])).toEqual([
      'spec.bridge.service',
      'spec.bridge.gateway',
      'spec.bridge.autoscaling.connections',
    ]);
  });
});
