import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { bridgeConfigMap, lastGoodSpec } from '../../../operator/resources/bridge-document.ts';
import { desiredObjects } from '../../../operator/resources/desired-objects.ts';
import { documentSecret } from '../../../operator/resources/document-secrets.ts';
import { objectOf, pipelineOf } from '../support/pipelines.ts';

const text = (encoded: string) => Buffer.from(encoded, 'base64').toString();

const mqtt = { url: 'mqtts://a', auth: { username: 'me', password: { value: 'hunter2' } } };

describe('the Secret of the texts of a document', () => {
  it('holds each of them', () => {
    const { data } = objectOf(
      documentSecret(pipelineOf({ mqtt: { ...mqtt, tls: { ca: { value: 'PEM' } } } })),
      'Secret',
    );
    expect(Object.keys(data)).toEqual(['mqtt.auth.password', 'mqtt.tls.ca']);
    expect(text(data['mqtt.auth.password'])).toBe('hunter2');
  });

  it('is not made for a document without any', () => {
    expect(documentSecret(pipelineOf())).toEqual([]);
  });

  it('keeps the texts of the last good document while the newest is wrong', () => {
    const kept = parse(lastGoodSpec(bridgeConfigMap(pipelineOf({ mqtt })))!) as Parameters<typeof pipelineOf>[0];
    const observed = { secrets: { 'cars-document': { 'mqtt.auth.password': 'hunter2', old: 'x' } } };
    const { data } = objectOf(documentSecret(pipelineOf(kept, { observed })), 'Secret');
    expect(Object.keys(data)).toEqual(['mqtt.auth.password']);
    expect(text(data['mqtt.auth.password'])).toBe('hunter2');
  });

  it('is the only place where they are', () => {
    const spec = {
      mqtt: { broker: { kind: 'mosquitto', users: [{ username: 'car', password: { value: 'hunter2' } }] } },
      kafka: {
        bootstrapServers: ['k:1'],
        auth: { mechanism: 'plain', username: 'me', password: { value: 'hunter2' } },
      },
      monitoring: { exporter: {}, prometheus: {}, grafana: { adminPassword: { value: 'hunter2' } } },
    };
    const objects = desiredObjects(pipelineOf(spec)).filter(({ kind }) => kind !== 'Secret');
    expect(objects.length).toBeGreaterThan(5);
    expect(JSON.stringify(objects)).not.toContain('hunter2');
  });
});
