/** Everything that `npm run proof` has to prove: the rows of docs/reliability.md, in their order. */
import { allBufferCases, described } from '../buffer-cases.ts';
import * as faults from '../faults.ts';
import * as recordFaults from '../record-faults.ts';
import type { Proof } from './prove.ts';
import { type Way, ways } from './ways.ts';

/** Without its counts. */
export type Row = Pick<Proof, 'way' | 'fault' | 'systems'>;

/** The tests that prove it. */
export const files: readonly string[] = [
  'delivery-kafka',
  'delivery-mqtt',
  'delivery-cluster',
  'buffer',
  'buffer-modes',
  'kafka-to-mqtt',
  'mappings',
].map(name => `test/faults/${name}.test.ts`);

const one = 'Mosquitto, Kafka';
const three = 'Mosquitto, 3 brokers of Kafka';

const rowsOf = (way: Way, systems: string, ...of: readonly { readonly name: string }[]): Row[] =>
  of.map(({ name }) => ({ way, fault: name, systems }));

const { nothing, kafkaKilled, kafkaFrozen, kafkaCut, kafkaSlowed, leaderKilled, rollingRestart } = faults;
const { bridgeKilled, bridgeStopped, mosquittoRestarted, mosquittoFrozen, mqttCut, mqttEnded, mqttSlowed } = faults;
const ofRecords = recordFaults;

export const rows: readonly Row[] = [
  ...rowsOf(ways.qos1, one, nothing, kafkaKilled, kafkaFrozen, kafkaCut, kafkaSlowed),
  ...rowsOf(ways.qos1, one, bridgeKilled, bridgeStopped),
  ...rowsOf(ways.qos1, one, mosquittoRestarted, mosquittoFrozen, mqttCut, mqttEnded, mqttSlowed),
  ...rowsOf(ways.qos1, three, leaderKilled, rollingRestart),
  ...rowsOf(ways.qos2, one, nothing, bridgeKilled, mosquittoRestarted, mqttCut),
  ...(['always', 'interval'] as const).flatMap(fsync =>
    rowsOf(ways.buffer(1, `disk, fsync: ${fsync}`), one, faults.killedWithoutKafka),
  ),
  ...allBufferCases.flatMap(({ qos, buffer, fault }) => rowsOf(ways.buffer(qos, described(buffer)), one, fault)),
  ...rowsOf(ways.records, one, ofRecords.bridgeKilled, ofRecords.bridgeStopped, ofRecords.bridgeJoins),
  ...rowsOf(ways.records, one, ofRecords.mosquittoRestarted, ofRecords.mosquittoFrozen, ofRecords.mqttCut),
  ...rowsOf(ways.records, one, ofRecords.frozenThenKilled, ofRecords.kafkaRestarted, ofRecords.kafkaFrozen),
  ...rowsOf(ways.records, three, ofRecords.leaderKilled, ofRecords.rollingRestart),
  ...rowsOf(ways.mqttToMqtt, one, bridgeKilled, bridgeStopped, mosquittoRestarted, mqttCut),
  ...rowsOf(ways.kafkaToKafka, one, faults.sourceKilled, kafkaCut, faults.killedOnce),
];
