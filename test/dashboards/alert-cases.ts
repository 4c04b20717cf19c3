/**
 * For each alert, series that make it fire and series that are near it and must not. Each is a story: what happens, and what Prometheus
 * sees of it, a value a minute.
 */
import { connectionStories } from './connection-alert-cases.ts';
import { type AlertStories, critical, mkb, own, quiet, seen, warning } from './support/story.ts';

/** Messages that are delivered within a second, and those that are not, a minute, for so long. */
const deliveries = (quick: number, slow: number, minutes: number) => ({
  [mkb('delivery_seconds_bucket', 'le="1"')]: `0+${quick}x${minutes}`,
  [mkb('delivery_seconds_count')]: `0+${quick + slow}x${minutes}`,
});

const accounts = (received: string, inFlight: string) => ({
  [mkb('messages_received_total')]: received,
  [mkb('messages_delivered_total')]: '0+10x30',
  [mkb('messages_dead_lettered_total')]: '0+1x30',
  [mkb('messages_dropped_total', 'reason="filtered"')]: '0+2x30',
  [mkb('messages_in_flight')]: inFlight,
});

const recordAccounts = (read: string) => ({
  [mkb('records_read_total')]: read,
  [mkb('records_delivered_total')]: '0+10x30',
  [mkb('records_dead_lettered_total')]: '0+1x30',
  [mkb('records_dropped_total', 'reason="filtered"')]: '0+2x30',
  [mkb('records_returned_total')]: '0+4x30',
  [mkb('records_in_flight')]: '7x30',
});

const outcomes = (delivered: string, inFlight: string) => ({
  [mkb('messages_in_flight')]: inFlight,
  [mkb('messages_delivered_total')]: delivered,
  [mkb('messages_dead_lettered_total')]: '5x30',
  [mkb('messages_dropped_total', 'reason="filtered"')]: '5x30',
});

const buffer = (bytes: string) => ({
  [mkb('buffer_bytes')]: bytes,
  [mkb('buffer_limit_bytes')]: '1000x60',
});

const window = (inFlight: string, heldBack = '0x30') => ({
  [mkb('messages_in_flight')]: inFlight,
  [mkb('acknowledgements_held_back')]: heldBack,
  [mkb('window_limit_messages')]: '100x30',
});

export const bridgeStories: readonly AlertStories[] = [
  {
    alert: 'MkbMessagesLost',
    stories: [
      {
        when: 'one message is dropped for a reason that no rule gave',
        series: { [mkb('messages_dropped_total', 'reason="sink_failed"')]: '0x5 1x10' },
        at: '7m',
        firing: [{ bridge: 'b', reason: 'sink_failed', ...critical }],
      },
      {
        when: 'a row of a window can be written nowhere',
        series: {
          [mkb('messages_dropped_total', 'reason="aggregated"')]: '0+50x60',
          [mkb('window_records_dropped_total')]: '0x5 1x10',
        },
        at: '7m',
        firing: [{ bridge: 'b', reason: 'window_row', ...critical }],
      },
      {
        when: 'the MQTT broker refuses what a record was made into',
        series: {
          [mkb('messages_dropped_total', 'reason="record_refused"')]: '0x20',
          [mkb('records_dropped_total', 'reason="record_refused"')]: '0x5 1x10',
        },
        at: '7m',
        firing: [{ bridge: 'b', reason: 'record_refused', ...critical }],
      },
      {
        when: 'a WHERE leaves records out',
        series: {
          [mkb('records_dropped_total', 'reason="filtered"')]: '0+50x60',
          [mkb('records_dropped_total', 'reason="aggregated"')]: '0+50x60',
        },
        at: '7m',
        firing: quiet,
      },
      {
        when: 'rules leave messages out, and the loss of an hour ago is over',
        series: {
          [mkb('messages_dropped_total', 'reason="filtered"')]: '0+50x60',
          [mkb('messages_dropped_total', 'reason="no_rule"')]: '0+50x60',
          [mkb('messages_dropped_total', 'reason="aggregated"')]: '0+50x60',
          [mkb('messages_dropped_total', 'reason="sink_failed"')]: '0 3x60',
        },
        at: '60m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'MkbAccountsDoNotBalance',
    stories: [
      {
        when: 'one message has neither an outcome nor is it in flight',
        series: accounts('1+13x30', '0x30'),
        at: '10m',
        firing: [{ ...own, ...critical }],
      },
      { when: 'all have an outcome or are in flight', series: accounts('7+13x30', '7x30'), at: '10m', firing: quiet },
      {
        when: 'one record has neither an outcome nor is it in flight',
        series: recordAccounts('8+17x30'),
        at: '10m',
        firing: [{ ...own, ...critical }],
      },
      {
        when: 'all records have an outcome, were returned or are in flight',
        series: recordAccounts('7+17x30'),
        at: '10m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'MkbMessagesDeadLettered',
    stories: [
      {
        when: 'a message goes to the dead-letter topic',
        series: { [mkb('messages_dead_lettered_total')]: '0x5 1x10' },
        at: '7m',
        firing: [{ bridge: 'b', ...warning }],
      },
      {
        when: 'a row of a window goes to the dead-letter topic',
        series: {
          [mkb('messages_dead_lettered_total')]: '0x20',
          [mkb('window_records_dead_lettered_total')]: '0x5 1x10',
        },
        at: '7m',
        firing: [{ bridge: 'b', ...warning }],
      },
      {
        when: 'a record goes to the dead-letter topic',
        series: {
          [mkb('messages_dead_lettered_total')]: '0x20',
          [mkb('records_dead_lettered_total')]: '0x5 1x10',
        },
        at: '7m',
        firing: [{ bridge: 'b', ...warning }],
      },
      {
        when: 'the last one went there long ago',
        series: {
          [mkb('messages_dead_lettered_total')]: '0 4x60',
          [mkb('records_dead_lettered_total')]: '0 4x60',
        },
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
        firing: [
          { bridge: 'b', ...critical, window: '1h' },
          { bridge: 'b', ...critical, window: '6h' },
          { bridge: 'b', ...warning, window: '3d' },
        ],
      },
      {
        when: 'Prometheus 3 writes the bound as 1.0',
        series: {
          [mkb('delivery_seconds_bucket', 'le="1.0"')]: '0+98x70',
          [mkb('delivery_seconds_count')]: '0+100x70',
        },
        at: '70m',
        firing: [
          { bridge: 'b', ...critical, window: '1h' },
          { bridge: 'b', ...critical, window: '6h' },
          { bridge: 'b', ...warning, window: '3d' },
        ],
      },
      {
        when: '8 of 1,000 are slow: too slow for the 6 hours, not for the hour',
        series: deliveries(992, 8, 400),
        at: '400m',
        firing: [
          { bridge: 'b', ...critical, window: '6h' },
          { bridge: 'b', ...warning, window: '3d' },
        ],
      },
      {
        when: '2 of 1,000 are slow for days: it uses up the budget, and wakes nobody',
        series: deliveries(998, 2, 700),
        at: '700m',
        firing: [{ bridge: 'b', ...warning, window: '3d' }],
      },
      { when: '1 of 2,000 is slow', series: deliveries(1999, 1, 700), at: '700m', firing: quiet },
      {
        when: 'a bad hour is over for longer than the short window',
        series: {
          [mkb('delivery_seconds_bucket', 'le="1"')]: '0+90x60 5500+100x10',
          [mkb('delivery_seconds_count')]: '0+100x60 6100+100x10',
        },
        at: '70m',
        firing: [
          { bridge: 'b', ...critical, window: '6h' },
          { bridge: 'b', ...warning, window: '3d' },
        ],
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
        firing: [{ bridge: 'b', ...critical }],
      },
      { when: 'it is a minute ago', series: outcomes('0+10x5 50x20', '0x5 20x20'), at: '7m', firing: quiet },
      { when: 'nothing waits', series: outcomes('50x30', '0x30'), at: '12m', firing: quiet },
      { when: 'what waits gets through', series: outcomes('0+10x30', '20x30'), at: '12m', firing: quiet },
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
        series: { [mkb('paused_seconds_total')]: '0+12x30' },
        at: '15m',
        firing: [{ ...own, ...warning }],
      },
      {
        when: 'it is held back for a moment now and then',
        series: { [mkb('paused_seconds_total')]: '0+1x30' },
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
        series: window('1x30', '98x30'),
        at: '15m',
        firing: [{ ...seen, ...warning }],
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
          [mkb('topic_waiting_seconds', 'topic="t"')]: '_x5 10+60x10',
          [mkb('topic_waiting_seconds', 'topic="quick"')]: '_x5 10 _x10',
        },
        at: '8m',
        firing: [{ ...own, topic: 't', ...critical }],
      },
      {
        when: 'an election takes half a minute',
        series: { [mkb('topic_waiting_seconds', 'topic="t"')]: '_x5 30 _x10' },
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
