import { describe, expect, it } from 'vitest';
import { completeDocument } from '../../api/complete.ts';
import { documentOf } from './support/documents.ts';

describe('what a document leaves out', () => {
  it('is there in the complete one', () => {
    const { spec } = completeDocument(documentOf());
    expect(spec.mqtt).toEqual({
      url: 'mqtt://localhost:1883',
      version: 'auto',
      clientId: 'cars',
      qos: 1,
      sessionExpiry: '24h',
      retained: 'new',
      unsubscribe: [],
      receiveMaximum: 1000,
      keepAlive: '30s',
      connectTimeout: '10s',
      maximumPacketSize: '16MiB',
      reconnect: { minDelay: '500ms', maxDelay: '30s' },
    });
    expect(spec.kafka).toEqual({
      bootstrapServers: ['localhost:9092'],
      clientId: 'cars',
      connectTimeout: '5s',
      requestTimeout: '30s',
      producer: {
        acks: 'all',
        idempotent: true,
        compression: 'none',
        linger: '5ms',
        batchBytes: '512KiB',
      },
      consumer: { discoverEvery: '30s', groupId: 'cars', offsetReset: 'latest', sessionTimeout: '10s' },
      topics: [],
    });
    expect(spec.delivery).toEqual({
      guarantee: 'atLeastOnce',
      mode: 'async',
      buffer: { mode: 'memory', maxBytes: '64MiB' },
      limits: { rowsPerMessage: 100_000, bytesPerMessage: '1GiB', ruleTime: '1s' },
      onFailure: { drop: {} },
      retry: {},
      shutdownTimeout: '25s',
    });
    expect(spec.bridge).toEqual({ replicas: 1, drainTimeout: '10m' });
    expect(spec.rules[0]!.sinks[0]!.kafka).toEqual({ topic: 'cars', emptyAsTombstone: false, mqttHeaders: false });
    expect(spec.monitoring).toBeUndefined();
  });

  it('never replaces what it says', () => {
    const kafka = {
      bootstrapServers: ['k:1'],
      clientId: 'mine',
      consumer: { groupId: 'ours' },
      producer: { acks: 'leader' },
    };
    const { spec } = completeDocument(documentOf({ kafka }));
    expect(spec.kafka).toMatchObject({ clientId: 'mine', consumer: { groupId: 'ours' } });
    expect(spec.kafka.producer).toMatchObject({ acks: 'leader', idempotent: false });
  });

  it('gives a static member a minute to restart', () => {
    const consumer = { groupInstanceId: 'cars' };
    const kafka = { bootstrapServers: ['localhost:9092'], consumer };
    expect(completeDocument(documentOf({ kafka })).spec.kafka.consumer.sessionTimeout).toBe('1m');
  });

  it('is filled in once: a complete document stays as it is, and the one given is not touched', () => {
    const given = documentOf();
    const before = structuredClone(given);
    const complete = completeDocument(given);
    expect(completeDocument(complete)).toEqual(complete);
    expect(given).toEqual(before);
  });
});
