/** A bridge that MQTT clients connect to themselves: what leads them to it. */
import { describe, expect, it } from 'vitest';
import { documentField } from '../../../api/bridge.ts';
import { desiredObjects } from '../../../operator/resources/desired-objects.ts';
import { inputsHash } from '../../../operator/resources/labels.ts';
import { objectOf, type PipelineParts, pipelineOf } from '../support/pipelines.ts';

const secret = (name: string, key: string) => ({ valueFrom: { secretKeyRef: { name, key } } });
const tls = { cert: secret('mqtt-tls', 'tls.crt'), key: secret('mqtt-tls', 'tls.key') };
const listen = [
  { port: 1883 },
  { port: 8883, tls },
  { port: 8083, webSocket: {} },
  { port: 443, tls, webSocket: { path: '/ws' } },
  { port: 1884 },
];
const passwords = secret('users', 'passwords');
const stateless = { passwords, sessions: { expiry: '0s' } };
const parentRefs = [{ kind: 'Gateway', name: 'public' }];

interface Given {
  readonly ports?: object[];
  readonly clients?: object;
  readonly bridge?: object;
}
const objectsOf = ({ ports = listen, clients = stateless, bridge = {} }: Given = {}, parts?: PipelineParts) =>
  desiredObjects(pipelineOf({ mqtt: { listen: ports, clients }, bridge } as never, parts));
const podOf = (objects: ReturnType<typeof objectsOf>) =>
  objectOf(objects, 'StatefulSet', 'cars-bridge').spec.template.spec;

describe('a bridge that MQTT clients connect to', () => {
  it('has a Service whose ports have the names of what they serve', () => {
    const { spec } = objectOf(objectsOf(), 'Service', 'cars-mqtt');
    expect(spec.type).toBe('ClusterIP');
    expect(spec.ports.map(({ name, port }: { name: string; port: number }) => `${name} ${port}`)).toEqual([
      'mqtt 1883',
      'mqtts 8883',
      'ws 8083',
      'wss 443',
      'mqtt-2 1884',
    ]);
    const [container] = podOf(objectsOf()).containers;
    const { ports } = container as { ports: { name: string; containerPort: number }[] };
    for (const { name, port, targetPort } of spec.ports) {
      expect(targetPort).toBe(name);
      expect(ports).toContainEqual({ name, containerPort: port });
    }
  });

  it('has the Service that the document asks for, as a managed broker has it', () => {
    const service = {
      type: 'LoadBalancer',
      annotations: { 'example.com/nlb': 'true' },
      loadBalancerSourceRanges: ['10.0.0.0/8'],
      externalTrafficPolicy: 'Local',
    };
    const { metadata, spec } = objectOf(objectsOf({ bridge: { service } }), 'Service', 'cars-mqtt');
    expect(metadata.annotations).toEqual(service.annotations);
    expect(spec).toMatchObject({
      type: 'LoadBalancer',
      loadBalancerSourceRanges: ['10.0.0.0/8'],
      externalTrafficPolicy: 'Local',
    });
    const given = { ports: [{ port: 1883 }], bridge: { service: { type: 'NodePort', nodePort: 30_883 } } };
    expect(objectOf(objectsOf(given), 'Service', 'cars-mqtt').spec.ports).toEqual([
      { name: 'mqtt', port: 1883, targetPort: 'mqtt', nodePort: 30_883 },
    ]);
  });

  it('lets clients to its ports, by its NetworkPolicy', () => {
    const [{ ports }] = objectOf(objectsOf(), 'NetworkPolicy', 'cars-bridge').spec.ingress;
    expect(ports.map(({ port }: { port: number }) => port)).toEqual([9400, 1883, 8883, 8083, 443, 1884]);
  });

  // It was killed for its memory by 6,000 clients with TLS, although its document allows 10,000.
  it.each([
    [[{ port: 1883 }], {}, 384 + 2 * 64 + 157 + 64],
    [[{ port: 1883 }, { port: 8883, tls }], {}, 384 + 2 * 64 + 625 + 64],
    [[{ port: 8883, tls }], { limits: { connections: 100_000 } }, 384 + 2 * 64 + 6250 + 64],
  ])('may have the memory that its clients need, with %j and %j', (ports, clients, mebibytes) => {
    const [{ resources }] = podOf(objectsOf({ ports, clients: { ...stateless, ...clients } })).containers;
    expect(resources.limits.memory).toBe(`${mebibytes}Mi`);
  });

  it('may listen on ports below 1024, and has no more rights for it than it needs', () => {
    const sysctls = (ports: object[]) => podOf(objectsOf({ ports })).securityContext.sysctls;
    expect(sysctls(listen)).toEqual([{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }]);
    expect(sysctls([{ port: 1883 }])).toBeUndefined();
  });

  it('reads certificates and passwords from where the document says', () => {
    const { volumes } = podOf(objectsOf());
    const secrets = (volumes as { secret?: { secretName: string; items: { key: string }[] } }[]).flatMap(each =>
      each.secret ? [[each.secret.secretName, ...each.secret.items.map(({ key }) => key)]] : [],
    );
    expect(secrets).toEqual([
      ['mqtt-tls', 'tls.crt', 'tls.key'],
      ['users', 'passwords'],
    ]);
  });

  // A new device cost all others their connections.
  it('is rolled by neither a new certificate nor a new password, which it reads by itself', () => {
    const hashOf = (inputs: Record<string, string>) =>
      objectOf(objectsOf({}, { observed: { inputs } }), 'StatefulSet', 'cars-bridge').spec.template.metadata
        .annotations[inputsHash];
    const before = hashOf({ 'Secret/mqtt-tls': 'a', 'Secret/users': 'a' });
    expect(hashOf({ 'Secret/mqtt-tls': 'a', 'Secret/users': 'b' })).toBe(before);
    expect(hashOf({ 'Secret/mqtt-tls': 'b', 'Secret/users': 'a' })).toBe(before);
    const held = (value: string) => {
      const objects = objectsOf({ clients: { ...stateless, passwords: { value } } });
      return objectOf(objects, 'StatefulSet', 'cars-bridge').spec.template.metadata.annotations[inputsHash];
    };
    expect(held('a:1')).toBe(held('b:2'));
  });

  it.each([
    ['passwords', { passwords: secret('login', 'text') }],
    ['jwt.jwks', { jwt: { algorithms: ['RS256'], jwks: secret('login', 'text') } }],
    ['jwt.publicKey', { jwt: { algorithms: ['RS256'], publicKey: secret('login', 'text') } }],
    ['jwt.secret', { jwt: { algorithms: ['HS256'], secret: secret('login', 'text') } }],
  ])('is not rolled by a new %s', (_field, login) => {
    const hashOf = (hash: string) =>
      objectOf(
        objectsOf(
          { ports: [{ port: 1883 }], clients: { sessions: { expiry: '0s' }, ...login } },
          { observed: { inputs: { 'Secret/login': hash } } },
        ),
        'StatefulSet',
        'cars-bridge',
      ).spec.template.metadata.annotations[inputsHash];
    expect(hashOf('a')).toBe(hashOf('b'));
  });

  it('has a row above for each secret that the bridge reads again', () => {
    const { mqtt } = documentField.properties!.spec!.properties!;
    expect(JSON.stringify(mqtt!.properties!.clients).match(/Read again when it changes/g)).toHaveLength(4);
  });

  it('still takes clients for a moment when it is to end, and has the time for it', () => {
    const pod = podOf(objectsOf());
    expect(pod.containers[0].lifecycle.preStop.exec.command[0]).toBe('node');
    // 3 s for that, 25 s of delivery.shutdownTimeout, 5 s to end.
    expect(pod.terminationGracePeriodSeconds).toBe(33);
    const ofBroker = desiredObjects(pipelineOf({ mqtt: { url: 'mqtt://a' } } as never));
    expect(podOf(ofBroker).containers[0].lifecycle).toBeUndefined();
    expect(podOf(ofBroker).terminationGracePeriodSeconds).toBe(30);
  });

  it('is scaled by its clients if the document asks for it', () => {
    const bridge = { autoscaling: { minReplicas: 2, maxReplicas: 9, connections: 5000 } };
    const { spec } = objectOf(objectsOf({ bridge }), 'HorizontalPodAutoscaler');
    expect(spec).toMatchObject({
      scaleTargetRef: { kind: 'MqttKafkaBridge', name: 'cars' },
      minReplicas: 2,
      maxReplicas: 9,
      metrics: [
        {
          type: 'Pods',
          pods: { metric: { name: 'mkb_clients_connected' }, target: { type: 'AverageValue', averageValue: '5000' } },
        },
      ],
    });
  });

  it.each([
    [{ parentRefs }, 'TCPRoute', 1883],
    [{ parentRefs, hostnames: ['mqtt.example.com'] }, 'TLSRoute', 8883],
  ])('has with %j a %s to its port %j', (gateway, kind, port) => {
    const { metadata, spec } = objectOf(objectsOf({ bridge: { gateway } }), kind);
    expect(metadata.name).toBe('cars-mqtt');
    expect(spec).toEqual({ ...gateway, rules: [{ backendRefs: [{ name: 'cars-mqtt', port }] }] });
  });

  it('is not rolled by what leads to it', () => {
    const hash = (bridge: object) =>
      objectOf(objectsOf({ bridge }), 'StatefulSet', 'cars-bridge').spec.template.metadata.annotations[inputsHash];
    expect(hash({ service: { type: 'LoadBalancer' }, gateway: { parentRefs } })).toBe(hash({}));
  });

  it('has none of it when it connects to a broker', () => {
    const objects = desiredObjects(pipelineOf({ mqtt: { url: 'mqtt://a' } } as never));
    expect(objects.filter(({ metadata }) => metadata.name === 'cars-mqtt')).toEqual([]);
  });
});
