/**
 * For each alert, series that make it fire and series that are near it and must not. Each is a story: what happens, and what Prometheus
 * sees of it, a value a minute.
 */
import { connectionStories } from './connection-alert-cases.ts';
import { type AlertStories, critical, mkb, of, own, quiet, seen, warning } from './support/story.ts';

/** Messages that are delivered within a second, and those that are not, a minute, for so long. */
const deliveries = (quick: number, slow: number, minutes: number, source = 'mqtt') => ({
  [of(source, 'delivery_seconds_bucket', 'le="1"')]: `0+${quick}x${minutes}`,
  [of(source, 'delivery_seconds_count')]: `0+${quick + slow}x${minutes}`,
});

/** The accounts of a source, of which 17 messages a minute have an outcome or were returned. */
const accounts = (source: string, received: string, inFlight: string) => ({
  [of(source, 'messages_received_total')]: received,
  [of(source, 'messages_delivered_total')]: '0+10x30',
  [of(source, 'messages_dead_lettered_total')]: '0+1x30',
  [of(source, 'messages_dropped_total', 'reason="filtered"')]: '0+2x30',
  [of(source, 'messages_returned_total')]: '0+4x30',
  [of(source, 'messages_in_flight')]: inFlight,
});

const sources = ['mqtt', 'kafka', 'events', 'windows'];

const outcomes = (delivered: string, inFlight: string, source = 'mqtt') => ({
  [of(source, 'messages_in_flight')]: inFlight,
  [of(source, 'messages_delivered_total')]: delivered,
  [of(source, 'messages_dead_lettered_total')]: '5x30',
  [of(source, 'messages_dropped_total', 'reason="filtered"')]: '5x30',
});

const buffer = (bytes: string) => ({
  [mkb('buffer_bytes')]: bytes,
  [mkb('buffer_limit_bytes')]: '1000x60',
});

const window = (unacknowledged: string, inFlight = unacknowledged) => ({
  [mkb('window_messages')]: unacknowledged,
  [of('mqtt', 'messages_in_flight')]: inFlight,
  [mkb('window_limit_messages')]: '100x30',
});

export const bridgeStories: readonly AlertStories[] = [
  {
    alert: 'MkbMessagesLost',
    stories: [
      ...sources.map(source => ({
        when: `one message of ${source} is dropped for a reason that no rule gave`,
        series: {
          [of('mqtt', 'messages_dropped_total', 'reason="sink_failed"')]: '0x20',
          [of(source, 'messages_dropped_total', 'reason="sink_failed"')]: '0x5 1x10',
        },
        at: '7m',
        firing: [{ bridge: 'b', source, reason: 'sink_failed', ...critical }],
      })),
      {
        when: 'rules leave messages out, and the loss of an hour ago is over',
        series: {
          [of('mqtt', 'messages_dropped_total', 'reason="filtered"')]: '0+50x60',
          [of('kafka', 'messages_dropped_total', 'reason="filtered"')]: '0+50x60',
          [of('kafka', 'messages_dropped_total', 'reason="aggregated"')]: '0+50x60',
          [of('mqtt', 'messages_dropped_total', 'reason="no_rule"')]: '0+50x60',
          [of('mqtt', 'messages_dropped_total', 'reason="aggregated"')]: '0+50x60',
          [of('mqtt', 'messages_dropped_total', 'reason="sink_failed"')]: '0 3x60',
        },
        at: '60m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'MkbAccountsDoNotBalance',
    stories: [
      ...sources.map(source => ({
        when: `one message of ${source} has neither an outcome nor is it in flight`,
        series: { ...accounts('mqtt', '7+17x30', '7x30'), ...accounts(source, '1+17x30', '0x30') },
        at: '10m',
        firing: [{ ...own, source, ...critical }],
      })),
      {
        when: 'one source has a message too many, and another one too few',
        series: { ...accounts('mqtt', '1+17x30', '0x30'), ...accounts('kafka', '6+17x30', '7x30') },
        at: '10m',
        firing: [
          { ...own, source: 'mqtt', ...critical },
          { ...own, source: 'kafka', ...critical },
        ],
      },
      {
        when: 'all have an outcome, were returned or are in flight',
        series: { ...accounts('mqtt', '7+17x30', '7x30'), ...accounts('kafka', '3+17x30', '3x30') },
        at: '10m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'MkbMessagesDeadLettered',
    stories: [
      ...sources.map(source => ({
        when: `a message of ${source} goes to the dead-letter topic`,
        series: {
          [of('mqtt', 'messages_dead_lettered_total')]: '0x20',
          [of(source, 'messages_dead_lettered_total')]: '0x5 1x10',
        },
        at: '7m',
        firing: [{ bridge: 'b', source, ...warning }],
      })),
      {
        when: 'the last one went there long ago',
        series: Object.fromEntries(sources.map(source => [of(source, 'messages_dead_lettered_total'), '0 4x60'])),
        at: '40m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'MkbDeliverySlow',
    stories: [
      {
        when: '2 of 100 messages are slow for an hour',
        series: deliveries(98, 2, 70),
        at: '70m',
        firing: [{ bridge: 'b', source: 'mqtt', ...critical, window: '1h' }],
      },
      {
        when: 'only what comes from Kafka is slow, and there is much more from MQTT',
        series: { ...deliveries(10_000, 0, 70), ...deliveries(98, 2, 70, 'kafka') },
        at: '70m',
        firing: [{ bridge: 'b', source: 'kafka', ...critical, window: '1h' }],
      },
      {
        when: 'the events of an outage are written when it is over',
        series: { ...deliveries(98, 0, 70), ...deliveries(0, 1, 70, 'events'), ...deliveries(0, 1, 70, 'windows') },
        at: '70m',
        firing: quiet,
      },
      {
        when: 'Prometheus 3 writes the bound as 1.0',
        series: {
          [of('mqtt', 'delivery_seconds_bucket', 'le="1.0"')]: '0+98x70',
          [of('mqtt', 'delivery_seconds_count')]: '0+100x70',
        },
        at: '70m',
        firing: [{ bridge: 'b', source: 'mqtt', ...critical, window: '1h' }],
      },
      {
        when: '8 of 1,000 are slow: too slow for the 6 hours, not for the hour',
        series: deliveries(992, 8, 400),
        at: '400m',
        firing: [{ bridge: 'b', source: 'mqtt', ...warning, window: '6h' }],
      },
      {
        when: '5 of 1,000 are slow for most of a day: it uses up the budget, and wakes nobody',
        series: deliveries(995, 5, 1000),
        at: '1000m',
        firing: [{ bridge: 'b', source: 'mqtt', ...warning, window: '3d' }],
      },
      { when: '1 of 2,000 is slow', series: deliveries(1999, 1, 700), at: '700m', firing: quiet },
      {
        when: 'Kafka was away for half a minute in the first hour: of the hour, and of the days to come, that is little',
        series: {
          [of('mqtt', 'delivery_seconds_bucket', 'le="1"')]: '0+600x30 18300+600x60',
          [of('mqtt', 'delivery_seconds_count')]: '0+600x90',
        },
        at: '45m',
        firing: quiet,
      },
      {
        when: 'a bad hour is over for longer than the short window, and most of a day’s allowance is gone',
        series: {
          [of('mqtt', 'delivery_seconds_bucket', 'le="1"')]: '0+90x60 5500+100x10',
          [of('mqtt', 'delivery_seconds_count')]: '0+100x60 6100+100x10',
        },
        at: '70m',
        firing: [{ bridge: 'b', source: 'mqtt', ...warning, window: '6h' }],
      },
    ],
  },
  {
    alert: 'MkbNothingDelivered',
    stories: [
      {
        when: 'messages wait and none gets an outcome',
        series: outcomes('0+10x5 50x20', '0x5 20x20'),
        at: '12m',
        firing: [{ bridge: 'b', source: 'mqtt', ...critical }],
      },
      {
        when: 'records wait, and messages from MQTT get through',
        series: { ...outcomes('0+10x30', '20x30'), ...outcomes('0+10x5 50x20', '0x5 20x20', 'kafka') },
        at: '12m',
        firing: [{ bridge: 'b', source: 'kafka', ...critical }],
      },
      { when: 'it is a minute ago', series: outcomes('0+10x5 50x20', '0x5 20x20'), at: '7m', firing: quiet },
      { when: 'nothing waits', series: outcomes('50x30', '0x30'), at: '12m', firing: quiet },
      { when: 'what waits gets through', series: outcomes('0+10x30', '20x30'), at: '12m', firing: quiet },
    ],
  },
  {
    alert: 'MkbMessageStuck',
    stories: [
      {
        when: 'one record waits, and the others get through',
        series: {
          [of('kafka', 'oldest_in_flight_seconds')]: '0x5 0+60x20',
          [of('kafka', 'messages_delivered_total')]: '0+10x30',
        },
        at: '12m',
        firing: [{ ...own, source: 'kafka', ...warning }],
      },
      {
        when: 'each message takes a while, and gets through',
        series: { [of('mqtt', 'oldest_in_flight_seconds')]: '0+60x4 0+60x4 0+60x4' },
        at: '12m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'MkbBacklogGrowing',
    stories: [
      {
        when: 'the buffer fills up so fast that it is full within the hour',
        series: buffer('0+20x40'),
        at: '30m',
        firing: [{ ...seen, ...warning }],
      },
      { when: 'it fills up slowly', series: buffer('200+1x40'), at: '30m', firing: quiet },
      { when: 'it is half full and stays so', series: buffer('500x40'), at: '30m', firing: quiet },
      { when: 'it is nearly empty, however steep', series: buffer('0x15 0+20x4'), at: '19m', firing: quiet },
    ],
  },
  {
    alert: 'MkbBufferFull',
    stories: [
      {
        when: 'reading is held back for a fifth of the time',
        series: { [of('kafka', 'paused_seconds_total')]: '0+12x30' },
        at: '15m',
        firing: [{ ...own, source: 'kafka', ...warning }],
      },
      {
        when: 'it is held back for a moment now and then',
        series: { [of('mqtt', 'paused_seconds_total')]: '0+1x30' },
        at: '15m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'MkbBufferFilling',
    stories: [
      {
        when: 'the buffer holds nine tenths of what it may',
        series: { [mkb('buffer_stored_bytes')]: '90x30', [mkb('buffer_stored_limit_bytes')]: '100x30' },
        at: '15m',
        firing: [{ ...own, ...warning }],
      },
      {
        when: 'it holds a half',
        series: { [mkb('buffer_stored_bytes')]: '50x30', [mkb('buffer_stored_limit_bytes')]: '100x30' },
        at: '15m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'MkbBufferOld',
    stories: [
      {
        when: 'the oldest message has waited for half an hour',
        series: { [mkb('buffer_oldest_seconds')]: '1800x30' },
        at: '15m',
        firing: [{ ...own, ...warning }],
      },
      {
        when: 'it has waited for a minute',
        series: { [mkb('buffer_oldest_seconds')]: '60x30' },
        at: '15m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'MkbBufferNotWritable',
    stories: [
      {
        when: 'the disk refuses',
        series: { [mkb('buffer_writable')]: '1x5 0x30' },
        at: '15m',
        firing: [{ ...own, ...critical }],
      },
      {
        when: 'there is no buffer, which has 0 in all figures but this one',
        series: { [mkb('buffer_stored_bytes')]: '0x30', [mkb('buffer_stored_limit_bytes')]: '0x30' },
        at: '15m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'MkbWindowFull',
    stories: [
      {
        when: 'the window has been full for ten minutes',
        series: window('100x30'),
        at: '15m',
        firing: [{ ...seen, ...warning }],
      },
      {
        when: 'one message waits, and the rest of the window is held back by it',
        series: window('99x30', '1x30'),
        at: '15m',
        firing: [{ ...seen, ...warning }],
      },
      {
        when: 'a buffer has more than the window takes, and all of that is acknowledged',
        series: window('1x30', '300x30'),
        at: '15m',
        firing: quiet,
      },
      {
        when: 'it is full in bursts',
        series: window('100 100 100 10 100 100 100 10 100 100 100 10 100 100 100 10'),
        at: '15m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'MkbTopicWaits',
    stories: [
      {
        when: 'records have waited for a topic for more than a minute',
        series: {
          [mkb('topic_waiting_seconds', 'topic="t"')]: '0x5 10+60x10',
          [mkb('topic_waiting_seconds', 'topic="quick"')]: '0x5 10 0x10',
        },
        at: '8m',
        firing: [{ ...own, topic: 't', ...critical }],
      },
      {
        when: 'an election takes half a minute',
        series: { [mkb('topic_waiting_seconds', 'topic="t"')]: '0x5 30 0x10' },
        at: '6m',
        firing: quiet,
      },
    ],
  },
  ...connectionStories,
  {
    alert: 'MkbBridgeDown',
    stories: [
      {
        when: 'Prometheus does not reach it',
        series: { 'up{job="bridge",instance="i"}': '1x5 0x10' },
        at: '8m',
        firing: [{ job: 'bridge', instance: 'i', ...critical }],
      },
      {
        when: 'its process is gone, and what it showed says which it ran',
        series: {
          'up{job="bridge",instance="i"}': '1x5 0x10',
          'mkb_messages_in_flight{bridge="b",job="bridge",instance="i",source="mqtt"}': '3x5 stale',
        },
        at: '8m',
        firing: [{ job: 'bridge', instance: 'i', bridge: 'b', ...critical }],
      },
      {
        when: 'there is no bridge at all any more',
        series: { 'up{job="exporter",instance="i"}': '1x15' },
        at: '8m',
        firing: [{ job: 'bridge', ...critical }],
      },
      {
        when: 'it misses one scrape',
        series: { 'up{job="bridge",instance="i"}': '1x5 0 1x10' },
        at: '8m',
        firing: quiet,
      },
    ],
  },
];
