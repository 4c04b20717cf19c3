import { describe, expect, it } from 'vitest';
import { kafkaTopics } from '../../../operator/resources/kafka.ts';
import type { OptionalApis } from '../../../operator/resources/pipeline.ts';
import { pipelineOf } from '../support/pipelines.ts';

const kafka = { name: 'events', namespace: 'kafka', bootstrapServers: ['events:9092'], makesTopics: true };

const topicsOf = (topics: object[], apis: Pick<OptionalApis, 'strimzi'> = { strimzi: 'v1' }) =>
  kafkaTopics(
    pipelineOf(
      { kafka: { clusterRef: { name: 'events' }, topics } },
      { observed: { kafka, apis: { prometheusOperator: false, ...apis } } },
    ),
  );

describe('topics of Strimzi', () => {
  it('are in the namespace of their cluster, and belong to nobody', () => {
    expect(topicsOf([{ name: 'cars', partitions: 3, config: { 'retention.ms': '1000' } }])).toEqual([
      {
        apiVersion: 'kafka.strimzi.io/v1',
        kind: 'KafkaTopic',
        metadata: { name: 'cars', namespace: 'kafka', labels: { 'strimzi.io/cluster': 'events' } },
        spec: { topicName: 'cars', partitions: 3, replicas: 1, config: { 'retention.ms': '1000' } },
      },
    ]);
  });

  it('with -1 leave the choice to the cluster', () => {
    const [topic] = topicsOf([{ name: 'cars', partitions: -1, replicas: -1 }]);
    expect(topic).toMatchObject({ spec: { topicName: 'cars' } });
    expect(topic!.spec).not.toHaveProperty('replicas');
    expect(topic!.spec).not.toHaveProperty('partitions');
  });

  it('have names that objects may have, each its own', () => {
    const names = topicsOf(['Cars', 'cars', 'cars_all', 'cars.all', '_', 'a..b'].map(name => ({ name }))).map(
      ({ metadata }) => metadata.name,
    );
    expect(new Set(names).size).toBe(6);
    for (const name of names) expect(name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
    expect(names[1]).toBe('cars');
    expect(names[3]).toBe('cars.all');
  });

  it('are not made where Strimzi is not, nor for a cluster that is not its', () => {
    const plain = pipelineOf({ kafka: { bootstrapServers: ['k:1'], topics: [{ name: 'cars' }] } });
    expect(kafkaTopics(plain)).toEqual([]);
    expect(topicsOf([{ name: 'cars' }], { strimzi: undefined })).toEqual([]);
  });

  it('are not made in a namespace that does not allow it', () => {
    const spec = { kafka: { clusterRef: { name: 'events' }, topics: [{ name: 'cars' }] } };
    const apis = { prometheusOperator: false, strimzi: 'v1' };
    expect(kafkaTopics(pipelineOf(spec, { observed: { kafka: { ...kafka, makesTopics: false }, apis } }))).toEqual([]);
  });
});
