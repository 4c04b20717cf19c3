import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { completeDocument } from '../../../api/complete.ts';
import { checkResource } from '../../../operator/reconcile/document.ts';
import { bridgeConfigMap, lastGoodSpec } from '../../../operator/resources/bridge-document.ts';
import type { KafkaCluster } from '../../../operator/resources/pipeline.ts';
import { unsupportedParts } from '../../../rules/unsupported.ts';
import { validDocuments } from '../../api/support/arbitrary-documents.ts';
import { load, ruleOf } from '../../api/support/documents.ts';
import { type PipelineParts, pipelineOf } from '../support/pipelines.ts';
import { resourceOf, settingsOf } from '../support/resources.ts';

type Spec = Parameters<typeof pipelineOf>[0];

const dataOf = (spec: Spec, parts?: PipelineParts) =>
  bridgeConfigMap(pipelineOf(spec, parts)).data as Record<string, string>;
const runs = (spec: Spec, parts?: PipelineParts) => parse(dataOf(spec, parts)['bridge.yaml']!);

const cluster: KafkaCluster = {
  name: 'events',
  namespace: 'kafka',
  bootstrapServers: ['events-kafka-bootstrap.kafka.svc:9093'],
  ca: 'PEM',
  makesTopics: true,
};

describe('the document that the bridge runs from', () => {
  it('is the one that people wrote, without what is none of its business', () => {
    const mqtt = { url: 'mqtt://a', share: 'g', keepAlive: '7s' };
    const { spec } = runs({ mqtt, bridge: { replicas: 3 }, monitoring: { prometheus: {} } });
    expect(spec.mqtt).toEqual(mqtt);
    expect(spec).not.toHaveProperty('bridge');
    expect(spec).not.toHaveProperty('monitoring');
  });

  it('is the same whatever is not the bridge, so that its Pods are not rolled for it', () => {
    const mqtt = { url: 'mqtt://a', share: 'g' };
    expect(dataOf({ mqtt, bridge: { replicas: 3 }, monitoring: { exporter: {} } })['bridge.yaml']).toBe(
      dataOf({ mqtt })['bridge.yaml'],
    );
  });

  it('has no field that nobody has set: a bridge of an older image may not know it', () => {
    expect(runs({})).toEqual({
      apiVersion: 'mqttkafka.dev/v1alpha1',
      kind: 'MqttKafkaBridge',
      metadata: { name: 'cars' },
      spec: {
        mqtt: { url: 'mqtt://localhost:1883' },
        kafka: { bootstrapServers: ['localhost:9092'] },
        rules: [expect.objectContaining({ name: 'all' })],
      },
    });
  });

  it('refers to secrets that the document holds itself', () => {
    const mqtt = {
      url: 'wss://a',
      auth: { username: 'me', password: { value: 'hunter2' } },
      webSocket: { headers: [{ name: 'Authorization', value: 'hunter2' }] },
    };
    const { spec } = runs({ mqtt });
    const key = (name: string) => ({ valueFrom: { secretKeyRef: { name: 'cars-document', key: name } } });
    expect(spec.mqtt.auth.password).toEqual(key('mqtt.auth.password'));
    expect(spec.mqtt.webSocket.headers).toEqual([{ name: 'Authorization', ...key('mqtt.webSocket.headers.0') }]);
    expect(JSON.stringify(dataOf({ mqtt }))).not.toContain('hunter2');
  });

  it('connects to the broker that the operator runs, as its own user', () => {
    expect(runs({ mqtt: { broker: { kind: 'mosquitto' }, qos: 2 } }).spec.mqtt).toEqual({
      url: 'mqtt://cars-broker:1883',
      auth: {
        username: 'mkb-bridge',
        password: { valueFrom: { secretKeyRef: { name: 'cars-broker-user', key: 'password' } } },
      },
      qos: 2,
    });
  });

  it('connects to the EMQX cluster that was looked up', () => {
    const auth = { username: 'me' };
    const parts = { observed: { brokerUrl: 'mqtt://emqx-listeners.mqtt.svc:1883' } };
    expect(runs({ mqtt: { brokerRef: { name: 'emqx' }, auth } }, parts).spec.mqtt).toEqual({
      url: 'mqtt://emqx-listeners.mqtt.svc:1883',
      auth,
    });
  });

  it('connects to the Kafka cluster that was looked up, as the user that was', () => {
    const kafka = { clusterRef: { name: 'events', user: 'me' } };
    const of = (user?: KafkaCluster['user']) =>
      runs({ kafka }, { observed: { kafka: { ...cluster, ...(user && { user }) } } }).spec.kafka;
    const key = (name: string) => ({ valueFrom: { secretKeyRef: { name: 'cars-kafka', key: name } } });
    const { bootstrapServers } = cluster;
    expect(of()).toEqual({ bootstrapServers, tls: { ca: key('ca.crt') } });
    expect(of({ kind: 'scram-sha-512', username: 'me', password: 'hunter2' })).toEqual({
      bootstrapServers,
      tls: { ca: key('ca.crt') },
      auth: { mechanism: 'scram-sha-512', username: 'me', password: key('password') },
    });
    expect(of({ kind: 'tls', cert: 'C', key: 'hunter2' })).toEqual({
      bootstrapServers,
      tls: { ca: key('ca.crt'), cert: key('user.crt'), key: key('user.key') },
    });
  });

  it('says what it would need, where there is no cluster to look it up in', () => {
    expect(() => runs({ kafka: { clusterRef: { name: 'events' } } })).toThrow(/spec.kafka.clusterRef is looked up/);
    expect(() => runs({ mqtt: { brokerRef: { name: 'emqx' } } })).toThrow(/spec.mqtt.brokerRef is looked up/);
  });

  it('is one that mkb run takes, whatever is in the resource', () => {
    const rules = [ruleOf({ topic: 'cars' })];
    const specs = validDocuments(24, 11)
      .map(({ spec }) => ({ ...(spec as object), rules }))
      .filter(spec => checkResource(resourceOf(spec), settingsOf(1)).document !== undefined);
    expect(specs.length).toBeGreaterThan(3);
    for (const spec of specs) {
      const observed = { kafka: cluster, brokerUrl: 'mqtts://found' };
      const { documents, problems } = load(runs(spec, { observed }));
      expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
      expect(unsupportedParts(documents[0]!.document, 'process')).toEqual([]);
    }
  });
});

describe('the last good document', () => {
  it('is what people wrote, with its secrets elsewhere and its replicas said', () => {
    const spec = {
      mqtt: { broker: { kind: 'mosquitto', users: [{ username: 'car', password: { value: 'hunter2' } }] } },
      kafka: { bootstrapServers: ['k:1'] },
      monitoring: { grafana: { adminPassword: { value: 'hunter2' }, prometheusUrl: 'http://p' } },
    };
    const kept = parse(lastGoodSpec(bridgeConfigMap(pipelineOf(spec)))!);
    expect(kept).toMatchObject({ bridge: { replicas: 1 }, monitoring: { grafana: { prometheusUrl: 'http://p' } } });
    expect(JSON.stringify(kept)).not.toContain('hunter2');
  });

  it('makes the same objects as it did when it was the newest', () => {
    const mqtt = { url: 'mqtts://a', share: 'g', auth: { username: 'me', password: { value: 'hunter2' } } };
    const first = pipelineOf({ mqtt, bridge: { replicas: 2 } });
    const again = pipelineOf(parse(lastGoodSpec(bridgeConfigMap(first))!) as Spec);
    expect(bridgeConfigMap(again)).toEqual(bridgeConfigMap(first));
    expect(completeDocument(again.document).spec.bridge.replicas).toBe(2);
  });
});
