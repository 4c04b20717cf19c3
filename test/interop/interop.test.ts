/**
 * The guarantee with every broker that can be had: the bridge is killed, the broker is ended, and each message that the broker acknowledged
 * is in Kafka. docs/interoperability.md has the table; it is checked here, and written with MKB_WRITE_INTEROP=1.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startArtemis } from '../real/artemis.ts';
import { startHivemq } from '../real/hivemq.ts';
import { type RunningKafka, startKafka } from '../real/kafka.ts';
import { startMochi } from '../real/mochi.ts';
import { startMosquitto } from '../real/mosquitto.ts';
import { startRabbitmq } from '../real/rabbitmq.ts';
import { describeReal } from '../real/require.ts';
import type { SystemName } from '../real/systems.ts';
import { type Broker, type CarryOptions, carry, type Way } from './carried.ts';
import { rowOf, rowsOf, tableWith } from './table.ts';
import { mochi, mosquittoVersion, pomVersion, rabbitmqVersion } from './versions.ts';

interface BrokerCase extends Pick<CarryOptions, 'restart' | 'ordered' | 'keepsAtReturn' | 'speaks5' | 'ways'> {
  readonly system: SystemName;
  /** As the table names it, followed by its version. */
  readonly title: string;
  readonly version: () => string;
  /** Whether the version is this repository's choice, and so the one of the page. */
  readonly pinned: boolean;
  readonly start: () => Promise<Broker>;
}

const ways = (...versions: Way['version'][]): Way[] =>
  versions.flatMap(version => ([1, 2] as const).map(qos => ({ version, qos })));

const cases: readonly BrokerCase[] = [
  {
    system: 'mosquitto',
    title: 'Mosquitto',
    version: mosquittoVersion,
    pinned: false,
    start: () => startMosquitto({ persistence: true }),
    ways: ways('5', '3.1.1'),
    speaks5: true,
    restart: 'SIGTERM', // Which saves; SIGKILL loses what came since the last autosave.
    ordered: true,
    keepsAtReturn: true,
  },
  {
    system: 'hivemq',
    title: 'HiveMQ CE',
    version: () => pomVersion('hivemq'),
    pinned: true,
    start: startHivemq,
    ways: ways('5', '3.1.1'),
    speaks5: true,
    restart: 'SIGKILL',
    ordered: true,
    keepsAtReturn: true,
  },
  {
    system: 'rabbitmq',
    title: 'RabbitMQ',
    version: rabbitmqVersion,
    pinned: false,
    start: startRabbitmq,
    ways: [
      { version: '3.1.1', qos: 1 },
      { version: 'auto', qos: 1 },
    ],
    speaks5: false,
    restart: 'SIGKILL',
    ordered: true,
    keepsAtReturn: true,
  },
  {
    system: 'artemis',
    title: 'ActiveMQ Artemis',
    version: () => pomVersion('artemis'),
    pinned: true,
    start: startArtemis,
    ways: ways('5', '3.1.1'),
    speaks5: true,
    restart: 'SIGKILL',
    ordered: false,
    keepsAtReturn: true,
  },
  {
    system: 'mochi',
    title: 'mochi-mqtt',
    version: mochi,
    pinned: true,
    start: startMochi,
    ways: ways('5', '3.1.1'),
    speaks5: true,
    restart: undefined,
    ordered: false,
    // inheritClientSession copies what the session holds, and clears the original with what came meanwhile.
    keepsAtReturn: false,
  },
];

const page = join(import.meta.dirname, '..', '..', 'docs', 'interoperability.md');
const rows: string[] = [];

describeReal('kafka')('no acknowledged message is lost with', () => {
  let kafka: RunningKafka;
  beforeAll(async () => {
    kafka = await startKafka();
  });
  afterAll(() => kafka?.stop());

  for (const { system, title, version, pinned, start, ...how } of cases) {
    describeReal(system)(title, () => {
      let broker: Broker;
      beforeAll(async () => {
        broker = await start();
      });
      afterAll(() => broker?.stop());

      test('the bridge killed, and the broker started again where it keeps anything', async () => {
        const verdicts = await carry({ kafka, broker, ...how });
        for (const [at, verdict] of verdicts.entries()) {
          const way = how.ways[at]!;
          expect(verdict.problems, `MQTT ${way.version}, QoS ${way.qos}: ${verdict.text}`).toEqual([]);
          rows.push(rowOf({ title, version: version(), way, ...how, verdict }));
        }
        const text = readFileSync(page, 'utf8');
        if (process.env.MKB_WRITE_INTEROP !== undefined) writeFileSync(page, tableWith(text, rows));
        // The page says what was found, no more and no less.
        else expect(rowsOf(text, title, pinned)).toEqual(rowsOf(rows.join('\n'), title, pinned));
      });
    });
  }
});
