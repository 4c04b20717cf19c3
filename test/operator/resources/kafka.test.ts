import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kafkaTopics, kafkaUser } from '../../../operator/resources/kafka.ts';
import type { OptionalApis } from '../../../operator/resources/pipeline.ts';
import { definitionOf } from '../../crds/others.ts';
import { describeReal } from '../../real/require.ts';
import { type Admission, startAdmission } from '../support/admission.ts';
import { pipelineOf } from '../support/pipelines.ts';

const kafka = { name: 'events', namespace: 'kafka', bootstrapServers: ['events:9092'], makesTopics: true };

const topicsOf = (topics: object[], apis: Pick<OptionalApis, 'strimzi'> = { strimzi: 'v1' }) =>
  kafkaTopics(
    pipelineOf(
      { kafka: { clusterRef: { name: 'events' }, topics } },
      { observed: { kafka, apis: { prometheusOperator: false, routes: [], ...apis } } },
    ),
  );

describe('topics of Strimzi', () => {
  it('are in the namespace of their cluster, and belong to nobody', () => {
    expect(topicsOf([{ name: 'cars', partitions: 3, config: { 'retention.ms': '1000' } }])).toEqual([
      {
        apiVersion: 'kafka.strimzi.io/v1',
        kind: 'KafkaTopic',
        metadata: {
          name: 'cars',
          namespace: 'kafka',
          labels: { 'strimzi.io/cluster': 'events' },
          annotations: { 'mqttkafka.dev/topic-of': 'shop/cars' },
        },
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
    const apis = { prometheusOperator: false, routes: [], strimzi: 'v1' };
    expect(kafkaTopics(pipelineOf(spec, { observed: { kafka: { ...kafka, makesTopics: false }, apis } }))).toEqual([]);
  });
});

describe('a user of Strimzi', () => {
  const userOf = (clusterRef: object) => kafkaUser(pipelineOf({ kafka: { clusterRef } }), 'v1');

  it('is made in the namespace of the document, and belongs to nobody', () => {
    const spec = { authorization: { type: 'simple', acls: [] }, authentication: { type: 'none' } };
    const [made] = userOf({ name: 'events', user: 'cars', createUser: { authentication: 'tls', spec } });
    expect(made).toMatchObject({
      kind: 'KafkaUser',
      metadata: { name: 'cars', namespace: 'shop', labels: { 'strimzi.io/cluster': 'events' } },
      spec: { authentication: { type: 'tls' }, authorization: { type: 'simple' } },
    });
    expect(made!.metadata).not.toHaveProperty('ownerReferences');
  });

  it('is not made unless the document asks for it', () => {
    expect(userOf({ name: 'events', user: 'cars' })).toEqual([]);
  });

  it.each([
    [{ name: 'events', createUser: {} }, '`user` is missing'],
    [{ name: 'events', namespace: 'kafka', user: 'admin', createUser: {} }, '`namespace` is given'],
  ])('is refused for %j', (clusterRef, words) => {
    expect(() => userOf(clusterRef)).toThrow(words);
  });
});

describeReal('kubernetes')('Strimzi takes', () => {
  let admission: Admission;

  beforeAll(async () => {
    admission = await startAdmission(definitionOf('kafkatopics'), definitionOf('kafkausers'));
  });
  afterAll(() => admission?.stop());

  it('the topics and the users that are made', async () => {
    const spec = {
      authorization: {
        type: 'simple',
        acls: [
          { resource: { type: 'topic', name: 'cars', patternType: 'literal' }, operations: ['Write', 'Describe'] },
        ],
      },
    };
    const clusterRef = { name: 'events', user: 'cars', createUser: { spec } };
    const topics = [{ name: 'Cars_all', partitions: 3, replicas: 3, config: { 'retention.ms': '1000' } }];
    const apis = { prometheusOperator: false, routes: [], strimzi: 'v1' };
    const pipeline = pipelineOf(
      { kafka: { clusterRef, topics } },
      { observed: { kafka: { ...kafka, namespace: 'shop' }, apis } },
    );
    const answers = await admission.check([...kafkaTopics(pipeline), ...kafkaUser(pipeline, 'v1')]);
    expect(answers.join()).toMatch(/kafkatopic.*created.*kafkauser.*created/s);
  });
});
