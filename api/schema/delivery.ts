/** `spec.delivery`: what happens between a message's arrival and its acknowledgement. */
import type { Static } from 'typebox';
import { choice, duration, optional, section, size, text, whole } from './fields.ts';
import { topicName } from './kafka.ts';
import { retrySection } from './retry.ts';
import { secret } from './security.ts';

export const delivery = section(
  'What happens between a message and its acknowledgement.',
  {
    guarantee: choice(
      ['atLeastOnce', 'exactlyOnce'],
      '`exactlyOnce` commits records in one Kafka transaction with the offsets, or the packet identifiers of MQTT (QoS 2), that they came with, so that readers with `read_committed` see each once. It is for rules that write Kafka.',
      { default: 'atLeastOnce' },
    ),
    commitInterval: optional(
      duration(
        'With `guarantee: exactlyOnce`, how often a transaction ends: readers see its records only then. Default: 100ms.',
        { min: '10ms', max: '10s' },
      ),
    ),
    sessionTopic: optional(
      topicName(
        'With `guarantee: exactlyOnce` and rules that read MQTT, the compacted topic that keeps which packet identifiers the session has received. It is made if it is missing. Default: `<kafka.clientId>-session`.',
      ),
    ),
    mode: choice(
      ['async', 'sync'],
      'The `queryMode` of sinks that have none: `async` for throughput, `sync` to send one after the other.',
      { default: 'async' },
    ),
    buffer: section(
      'What holds messages from MQTT that Kafka, or the broker that they go to, does not have yet.',
      {
        mode: choice(
          ['none', 'memory', 'disk'],
          '`none` reads no further than a batch, `memory` keeps up to `maxBytes`. `disk` also survives a crash of the bridge, and acknowledges a message when it is on the disk.',
          { default: 'memory' },
        ),
        maxBytes: size(
          'The most it holds: files with `mode: disk`, otherwise records in memory and the payloads that are kept for dead letters. Beyond it `whenFull` applies. Each direction has as much memory.',
          { min: '1MiB', max: '64TiB', defaultFrom: '64MiB, or 1GiB with `mode: disk`' },
        ),
        whenFull: optional(
          choice(
            ['block', 'dropOldest', 'dropNewest'],
            '`block` reads no further, and the broker keeps the backlog as far as it does. `dropOldest` drops messages that have waited longest, on disk a file of them at once; `dropNewest` drops those that come. What is dropped is acknowledged and counted. Default: block.',
          ),
        ),
        maxAge: optional(
          duration(
            'Messages that have waited for longer are dropped when it is their turn, and counted. Default: none is.',
            {
              min: '1s',
              max: '365d',
            },
          ),
        ),
        drainRate: optional(
          whole(
            'How many messages a second are handed over while older ones wait, so that a backlog does not overrun who comes next. Choose more than come on average. Default: as many as are taken.',
            { minimum: 1, maximum: 10_000_000 },
          ),
        ),
        path: optional(
          text('With `mode: disk`, the folder of the files. Each bridge and replica has a folder of its own in it.'),
        ),
        fsync: optional(
          choice(
            ['always', 'interval'],
            'With `mode: disk`: `always` acknowledges a message when the disk has confirmed it. `interval` has the disk confirm once a second and acknowledges before, so that a power cut may lose a second of messages; a crash of the bridge loses none. Default: always.',
          ),
        ),
        encryptionKey: optional(
          secret(
            'With `mode: disk`, a key of 32 bytes in base64 or hexadecimal (`openssl rand -base64 32`): files are encrypted with AES-256-GCM.',
          ),
        ),
      },
      { default: {} },
    ),
    retry: retrySection(false),
    onFailure: section(
      'What becomes of a message that can never be delivered, such as one too large for Kafka. Failures that may pass are retried, see `retry`.',
      {
        deadLetter: optional(
          section('Write it, with the error in its headers, to a topic of its own.', {
            topic: topicName('The topic of dead letters.'),
          }),
        ),
        drop: optional(section('Count it as dropped, with its reason, and go on. Written `drop: {}`.', {})),
      },
      { exactlyOne: ['deadLetter', 'drop'], default: { drop: {} } },
    ),
    limits: section(
      'What one message may cost in one rule. A message that costs more is handled by `onFailure`, with the limit named, and others go on.',
      {
        rowsPerMessage: whole('Rows that FOREACH may make of a message.', {
          minimum: 1,
          maximum: 100_000_000,
          default: 100_000,
        }),
        bytesPerMessage: size('What these rows may hold together, before templates.', {
          min: '64KiB',
          max: '64GiB',
          default: '1GiB',
        }),
        ruleTime: duration(
          'How long a jq program may run, in a thread of its own, unless the call itself says otherwise.',
          { min: '10ms', max: '10m', default: '1s' },
        ),
      },
      { default: {} },
    ),
    shutdownTimeout: duration(
      'How long a stopping bridge may take to deliver what it has read. What is left stays unacknowledged at the broker.',
      { min: '0s', max: '1h', default: '25s' },
    ),
  },
  { default: {} },
);

export type DeliverySection = Static<typeof delivery>;
