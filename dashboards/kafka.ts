/** Kafka: is it whole, how much goes in, and do consumers keep up? From the exporter, so for any cluster, without touching its brokers. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { NoUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { dashboard, labelVariable, type Row } from './frame.ts';
import { anyOrNone, atLeast, blue, each, graph, noneAllowed, rising, stat, timeline, upOrDown } from './panels.ts';
import { jobs, ofAll, orZero, whileUp } from './promql.ts';
import { table } from './tables.ts';
import { uids } from './uids.ts';

const cluster = 'target=~"$cluster"';
const topics = `${cluster},topic=~"$topic"`;
const groups = `${topics},group=~"$group"`;
/** End offsets are a gauge, for a topic can be made again; rate() takes that for the reset of a counter, which is right. */
const produced = (metric: string): string => `rate(${metric}{${topics}}[$__rate_interval])`;
const up = `kafka_up{${cluster}}`;
const seen = (query: string): string => whileUp(query, `${up} == 1`);
const ofAllClusters = (number: string, bad = 0): string => ofAll(number, bad, up);
const ofGroups = (query: string): string => orZero(seen(query), 'group', 'no consumer group', `${up} == 1`);

const verdict: Row = {
  title: 'Is Kafka whole, and do consumers keep up?',
  panels: [
    stat({
      title: 'Kafka',
      description: 'Whether a broker of every chosen cluster answers the exporter.',
      unit: NoUnit,
      width: 4,
      thresholds: atLeast(1),
      mappings: [upOrDown],
      queries: [{ expr: `min(${up})`, legend: 'up' }],
    }),
    stat({
      title: 'Brokers',
      description: 'Brokers that are members now. Fewer than you run means that one is down.',
      unit: NoUnit,
      width: 4,
      thresholds: [{ value: null, color: blue }],
      queries: [{ expr: `sum(${seen(`kafka_brokers{${cluster}}`)})`, legend: 'brokers' }],
    }),
    stat({
      title: 'Without leader',
      description: 'Partitions that nobody leads: they take no records, and messages for them wait.',
      unit: NoUnit,
      width: 4,
      thresholds: noneAllowed,
      queries: [
        { expr: ofAllClusters(`sum(${seen(`kafka_topic_leaderless_partitions{${topics}}`)})`), legend: 'partitions' },
      ],
    }),
    stat({
      title: 'Under-replicated',
      description: 'Partitions with fewer copies in sync than there should be: one more failure may stop them.',
      unit: NoUnit,
      width: 4,
      thresholds: noneAllowed,
      queries: [
        {
          expr: ofAllClusters(`sum(${seen(`kafka_topic_under_replicated_partitions{${topics}}`)})`),
          legend: 'partitions',
        },
      ],
    }),
    stat({
      title: 'Records in',
      description: 'Records per second that arrive in the chosen topics, from all producers.',
      unit: each('records/s'),
      decimals: 1,
      width: 4,
      thresholds: anyOrNone(blue),
      queries: [{ expr: `sum(${seen(produced('kafka_topic_end_offset'))})`, legend: 'records' }],
    }),
    stat({
      title: 'Longest lag',
      description: 'How old the oldest record is that a chosen consumer group has not read.',
      unit: Seconds,
      width: 4,
      thresholds: rising(10, 60),
      queries: [
        { expr: ofAllClusters(`max(${seen(`kafka_consumer_group_lag_seconds{${groups}}`)})`, 10), legend: 'lag' },
      ],
    }),
  ],
};

const throughput: Row = {
  title: 'Topics',
  panels: [
    graph({
      title: 'Records in, by topic',
      description: 'Records per second that arrive in each topic.',
      unit: each('records/s'),
      width: 12,
      queries: [
        {
          expr: seen(`sum by (target, topic) (${produced('kafka_topic_end_offset')})`),
          legend: '{{target}} {{topic}}',
        },
      ],
    }),
    graph({
      title: 'Records in, by partition',
      description:
        'Records per second of each partition, of the topics that the exporter’s document names. Keys spread badly if one stands out.',
      unit: each('records/s'),
      width: 12,
      stacked: true,
      queries: [
        {
          expr: seen(produced('kafka_topic_partition_end_offset')),
          legend: '{{target}} {{topic}} {{partition}}',
        },
      ],
    }),
    graph({
      title: 'Records kept',
      description:
        'Records between the first and the last offset of each topic. It falls when Kafka deletes what is too old.',
      unit: Short,
      width: 12,
      queries: [
        {
          expr: seen(
            `sum by (target, topic) (kafka_topic_end_offset{${topics}} - kafka_topic_start_offset{${topics}})`,
          ),
          legend: '{{target}} {{topic}}',
        },
      ],
    }),
    table({
      title: 'Partitions',
      description:
        'Partitions of each topic, how many of them have no leader, and how many lack copies that are in sync.',
      unit: Short,
      width: 12,
      queries: [
        { expr: seen(`max by (target, topic) (kafka_topic_partitions{${topics}})`) },
        { expr: seen(`max by (target, topic) (kafka_topic_leaderless_partitions{${topics}})`) },
        { expr: seen(`max by (target, topic) (kafka_topic_under_replicated_partitions{${topics}})`) },
      ],
      columns: [
        { from: 'target', title: 'Cluster', width: 135 },
        { from: 'topic', title: 'Topic' },
        { from: '#A', title: 'Partitions', width: 115 },
        { from: '#B', title: 'Without leader', width: 155, thresholds: noneAllowed },
        { from: '#C', title: 'Under-replicated', width: 170, thresholds: noneAllowed },
      ],
    }),
  ],
};

const consumers: Row = {
  title: 'Consumer groups',
  panels: [
    graph({
      title: 'Lag in messages',
      description: 'Records that each group has not read, by topic. A level is healthy, a slope is not.',
      unit: Short,
      width: 12,
      queries: [
        {
          expr: ofGroups(`sum by (target, group, topic) (kafka_consumer_group_lag_messages{${groups}})`),
          legend: '{{target}} {{group}} {{topic}}',
        },
      ],
    }),
    graph({
      title: 'Lag in seconds',
      description: 'How old the oldest record is that each group has not read. This is what the group’s users notice.',
      unit: Seconds,
      width: 12,
      thresholds: rising(10, 60),
      queries: [
        {
          expr: ofGroups(`max by (target, group, topic) (kafka_consumer_group_lag_seconds{${groups}})`),
          legend: '{{target}} {{group}} {{topic}}',
        },
      ],
    }),
    graph({
      title: 'Records read, by group',
      description: 'Records per second that each group has committed.',
      unit: each('records/s'),
      width: 12,
      queries: [
        {
          expr: ofGroups(
            `sum by (target, group, topic) (rate(kafka_consumer_group_committed_offset{${groups}}[$__rate_interval]))`,
          ),
          legend: '{{target}} {{group}} {{topic}}',
        },
      ],
    }),
    timeline({
      title: 'Kafka up',
      description: 'Whether the exporter got an answer from each cluster.',
      unit: NoUnit,
      width: 12,
      thresholds: atLeast(1),
      mappings: [upOrDown],
      queries: [{ expr: `max by (target) (${up})`, legend: '{{target}}' }],
    }),
  ],
};

export const kafkaDashboard = (): Dashboard =>
  dashboard({
    uid: uids.kafka,
    title: 'Kafka',
    description: 'Kafka as a client sees it: brokers, partitions, throughput, and how far consumers are behind.',
    variables: [
      labelVariable('cluster', 'target', 'kafka_up', 'Cluster'),
      labelVariable('topic', 'topic', 'kafka_topic_partitions', 'Topic'),
      labelVariable('group', 'group', 'kafka_consumer_group_committed_offset', 'Consumer group'),
    ],
    restartsOf: [jobs.bridge, jobs.exporter],
    rows: [verdict, throughput, consumers],
  });
