import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { loadExporterText } from '../../../../exporter/config/load.ts';
import type { ExporterSpec } from '../../../../exporter/config/schema.ts';
import { desiredObjects } from '../../../../operator/resources/desired-objects.ts';
import { inputsHash } from '../../../../operator/resources/labels.ts';
import { exporterDocument } from '../../../../operator/resources/monitoring/exporter-document.ts';
import type { KafkaCluster } from '../../../../operator/resources/pipeline.ts';
import { validDocuments } from '../../../api/support/arbitrary-documents.ts';
import { ruleOf } from '../../../api/support/documents.ts';
import { objectOf, type PipelineParts, pipelineOf } from '../../support/pipelines.ts';

type Spec = Parameters<typeof pipelineOf>[0];

const monitoring = { exporter: {} };
const objectsOf = (spec: Spec = {}, parts?: PipelineParts) =>
  desiredObjects(pipelineOf({ monitoring, ...spec }, parts));
const textOf = (spec?: Spec, parts?: PipelineParts): string =>
  objectOf(objectsOf(spec, parts), 'ConfigMap', 'cars-exporter').data['exporter.yaml'];
const watched = (spec?: Spec, parts?: PipelineParts): Partial<ExporterSpec> => parse(textOf(spec, parts)).spec;
const deployment = (spec?: Spec, parts?: PipelineParts) =>
  objectOf(objectsOf(spec, parts), 'Deployment', 'cars-exporter').spec;
const hashOf = (spec?: Spec, parts?: PipelineParts) =>
  deployment(spec, parts).template.metadata.annotations[inputsHash];
const fromSecret = (name: string, key: string) => ({ valueFrom: { secretKeyRef: { name, key } } });

const cluster: KafkaCluster = {
  name: 'events',
  namespace: 'kafka',
  bootstrapServers: ['events-kafka-bootstrap.kafka.svc:9093'],
  ca: 'PEM',
  user: { kind: 'scram-sha-512', username: 'me', password: 'hunter2' },
  makesTopics: true,
};
const lookedUp = { observed: { kafka: cluster, brokerUrl: 'mqtt://found' } };

describe('what the exporter of a bridge watches', () => {
  it('is the broker and the cluster that the bridge connects to, as the user that the bridge is', () => {
    const auth = { username: 'me', password: { value: 'hunter2' } };
    const tls = { ca: fromSecret('ca', 'ca.crt') };
    const spec = {
      mqtt: { url: 'mqtts://a', version: '3.1.1', auth, tls, keepAlive: '7s' },
      kafka: { bootstrapServers: ['k:1'], auth: { mechanism: 'plain', ...auth }, tls: {} },
    };
    const { mqtt, kafka, emqx } = watched(spec);
    const password = (key: string) => ({ username: 'me', password: fromSecret('cars-document', key) });
    expect(mqtt).toEqual([
      { name: 'cars', url: 'mqtts://a', version: '3.1.1', auth: password('mqtt.auth.password'), tls },
    ]);
    expect(kafka).toEqual([
      {
        name: 'cars',
        bootstrapServers: ['k:1'],
        auth: { mechanism: 'plain', ...password('kafka.auth.password') },
        tls: {},
        topics: { include: ['cars'] },
      },
    ]);
    expect(emqx).toBeUndefined();
  });

  it('has no probe at a broker whose users are not ours: it may refuse the topic', () => {
    expect(watched().mqtt).toEqual([{ name: 'cars', url: 'mqtt://localhost:1883' }]);
  });

  it('is each address of a broker that has several', () => {
    expect(watched({ mqtt: { urls: ['mqtt://a', 'mqtt://b'] } }).mqtt).toEqual([
      { name: 'cars-1', url: 'mqtt://a' },
      { name: 'cars-2', url: 'mqtt://b' },
    ]);
  });

  it('is not a broker that wants headers, which the exporter cannot send', () => {
    const webSocket = { headers: [{ name: 'Authorization', value: 'x' }] };
    expect(watched({ mqtt: { url: 'wss://a', webSocket } })).toEqual({ kafka: [expect.anything()] });
  });

  it('is a Mosquitto of ours through and through, as a user of its own', () => {
    expect(watched({ mqtt: { broker: { kind: 'mosquitto' } } }).mqtt).toEqual([
      {
        name: 'cars',
        url: 'mqtt://cars-broker:1883',
        auth: { username: 'mkb-exporter', password: fromSecret('cars-broker-user', 'exporter-password') },
        memoryLimit: '512Mi',
        probe: {},
      },
    ]);
  });

  it('is an EMQX of ours by its API', () => {
    const { mqtt, emqx } = watched({ mqtt: { broker: { kind: 'emqx', replicas: 3 } } });
    expect(mqtt).toEqual([expect.objectContaining({ name: 'cars', sys: false, probe: {} })]);
    expect(emqx).toEqual([
      {
        name: 'cars',
        url: 'http://cars-broker-pods:18083',
        apiKey: 'mkb-exporter',
        apiSecret: fromSecret('cars-broker-emqx', 'api-secret'),
        clients: ['cars'],
      },
    ]);
  });

  it('is the session of each replica that there may be', () => {
    const mqtt = { broker: { kind: 'emqx' }, share: 'g', clientId: 'fleet' };
    const clients = (bridge: object) => watched({ mqtt, bridge } as Spec).emqx![0]!.clients;
    expect(clients({ replicas: 2 })).toEqual(['fleet-0', 'fleet-1']);
    expect(watched({ mqtt: { ...mqtt, sessionExpiry: '0ms' } } as Spec).emqx![0]!.clients).toBeUndefined();
  });

  it.each([
    ['1Gi', '1Gi'],
    ['500M', '500MB'],
    ['1e9', undefined],
    [undefined, undefined],
  ])('takes a limit of %s for the memory of Mosquitto as %s', (memory, memoryLimit) => {
    const resources = memory === undefined ? {} : { limits: { memory } };
    const [mqtt] = watched({ mqtt: { broker: { kind: 'mosquitto', resources } } } as Spec).mqtt!;
    expect(mqtt!.memoryLimit).toBe(memoryLimit);
  });

  it('is what was looked up', () => {
    const spec = { mqtt: { brokerRef: { name: 'emqx' } }, kafka: { clusterRef: { name: 'events', user: 'me' } } };
    const { mqtt, kafka } = watched(spec, lookedUp);
    expect(mqtt).toEqual([{ name: 'cars', url: 'mqtt://found', sys: false }]);
    expect(kafka![0]).toMatchObject({
      bootstrapServers: cluster.bootstrapServers,
      tls: { ca: fromSecret('cars-kafka', 'ca.crt') },
      auth: { username: 'me', password: fromSecret('cars-kafka', 'password') },
    });
  });

  it('are the topics of the bridge, and none of the others that a cluster may have by the thousand', () => {
    const spec = {
      kafka: { bootstrapServers: ['k:1'], topics: [{ name: 'made' }] },
      rules: [
        ruleOf({ topic: 'cars' }),
        ruleOf({ topic: '${payload.kind}${qos}-events' }, 'b'),
        ruleOf({ topic: 'cars' }, 'c'),
      ],
      delivery: { onFailure: { deadLetter: { topic: 'dead' } } },
    };
    expect(watched(spec).kafka![0]!.topics).toEqual({ include: ['*-events', 'cars', 'dead', 'made'] });
  });

  // A rule that looked something up stopped the operator from making the exporter at all.
  it.each([
    ['a table', 'SELECT lookup(\'devices\', key) AS device FROM "$kafka/read"'],
    ['a schema', 'SELECT schema_decode(\'car\', value) AS car FROM "$kafka/read"'],
  ])('are found of rules that use %s', (_what, sql) => {
    const spec = {
      schemas: [{ name: 'car', json: '{}' }],
      tables: [{ name: 'devices', key: 'id', format: 'csv', text: 'id\n1\n' }],
      kafka: { bootstrapServers: ['k:1'] },
      rules: [{ ...ruleOf({ topic: 'cars' }), sql }],
    };
    expect(watched(spec).kafka![0]!.topics).toEqual({ include: ['cars', 'read'] });
  });

  it('is a document that mkb exporter takes, whatever the bridge connects to', () => {
    const texts = validDocuments(20, 12)
      .map(({ spec }) => spec as { mqtt: { listen?: object; tls?: object }; kafka: object })
      .filter(({ mqtt }) => mqtt.listen === undefined)
      .map(({ mqtt, kafka }) => {
        const brokerUrl = `${mqtt.tls ? 'mqtts' : 'mqtt'}://found`;
        return stringify(
          exporterDocument(pipelineOf({ mqtt, kafka }, { observed: { ...lookedUp.observed, brokerUrl } })),
        );
      });
    expect(texts.length).toBeGreaterThan(10);
    for (const text of texts) expect(loadExporterText(text, 'exporter.yaml').problems, text).toEqual([]);
  });
});

describe('the Pod of the exporter', () => {
  it('is not there unless it is asked for', () => {
    const objects = desiredObjects(pipelineOf({ monitoring: { prometheus: {} } }));
    expect(objects.filter(({ metadata }) => metadata.name === 'cars-exporter')).toEqual([]);
  });

  it('reads each Secret where it looks for it', () => {
    const { spec } = deployment({ mqtt: { broker: { kind: 'emqx' } } }).template;
    expect(spec.containers[0].args).toEqual([
      ...['exporter', '/etc/mkb/exporter.yaml', '--secrets-dir', '/run/mkb/secrets', '--http', '0.0.0.0:9401'],
    ]);
    expect(spec.containers[0].volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath)).toEqual([
      '/etc/mkb',
      '/run/mkb/secrets/cars-broker-user',
      '/run/mkb/secrets/cars-broker-emqx',
    ]);
  });

  it('is replaced, so that nothing is shown twice meanwhile', () => {
    expect(deployment().strategy).toEqual({ type: 'Recreate' });
  });

  it('is rolled by what it reads, and by nothing else', () => {
    const password = fromSecret('mqtt', 'password');
    const spec = { mqtt: { url: 'mqtt://a', auth: { username: 'me', password } } };
    const inputs = (hash: string) => ({ observed: { inputs: { 'Secret/mqtt': hash } } });
    const before = hashOf(spec, inputs('a'));
    expect(hashOf(spec, inputs('b'))).not.toBe(before);
    expect(hashOf({ ...spec, kafka: { bootstrapServers: ['k:2'] } }, inputs('a'))).not.toBe(before);
    expect(hashOf({ ...spec, bridge: { image: 'mine:1' } }, inputs('a'))).toBe(before);
    expect(hashOf({ mqtt: { ...spec.mqtt, keepAlive: '7s' } }, inputs('a'))).toBe(before);
  });

  it('is rolled by a password that was made up again', () => {
    const spec = { mqtt: { broker: { kind: 'mosquitto' } } };
    const secrets = (password: string) => ({
      observed: { secrets: { 'cars-broker-user': { password: 'p', 'exporter-password': password } } },
    });
    expect(hashOf(spec, secrets('a'))).not.toBe(hashOf(spec, secrets('b')));
  });

  // It kept its image at an upgrade, refused the fields that the new operator had written for it, and crashed until somebody let images follow.
  it('has the image that belongs to its document, also where those of bridges are kept', () => {
    const image = (exporter: object, more: Parameters<typeof deployment>[1]) =>
      deployment({ monitoring: { exporter } }, more).template.spec.containers[0].image;
    const upgraded = { observed: { images: { exporter: 'mkb:old' } }, settings: { imageUpdates: 'keep' as const } };
    expect(image({}, upgraded)).toBe(image({}, {}));
    expect(image({ image: 'mine:1' }, upgraded)).toBe('mine:1');
  });

  it('is as people want it', () => {
    const exporter = {
      image: 'mine:1',
      resources: { limits: { memory: '1Gi' } },
      podTemplate: { spec: { priorityClassName: 'high' } },
    };
    const { spec } = deployment({ monitoring: { exporter } }).template;
    expect(spec).toMatchObject({ priorityClassName: 'high' });
    expect(spec.containers[0]).toMatchObject({ image: 'mine:1', resources: exporter.resources });
  });
});
