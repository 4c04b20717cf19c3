import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { NaiveKafkaToMqtt } from '../support/bridge-process.ts';
import {
  bridgeJoins,
  bridgeKilled,
  bridgeStopped,
  byName,
  frozenThenKilled,
  frozenThenKilledAfter,
  kafkaFrozen,
  kafkaRestarted,
  leaderKilled,
  mosquittoFrozen,
  mosquittoRestarted,
  mqttCut,
  rollingRestart,
} from './record-faults.ts';
import { carryRecords, expectRecordsSafe, lag, recordOracle } from './record-run.ts';
import { runLimitMs } from './under-fault.ts';
import { startWorld, type World } from './world.ts';

describeReal('kafka', 'mosquitto')('every record reaches the MQTT subscriber, in the order of its key, when', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  test.each(
    byName(
      bridgeKilled,
      bridgeStopped,
      bridgeJoins,
      mosquittoRestarted,
      mosquittoFrozen,
      mqttCut,
      frozenThenKilled,
      kafkaRestarted,
      kafkaFrozen,
    ),
  )('%s', async (_name, fault) => void (await expectRecordsSafe(world, fault)), runLimitMs);

  test(
    'this test can fail: it finds what a bridge loses that commits before the broker has acknowledged',
    async () => {
      const run = await world.newRun(frozenThenKilled.link);
      const naive = new NaiveKafkaToMqtt(run);
      const oracle = recordOracle(world, run, 3000);
      try {
        await naive.start();
        const committedTooEarly = () =>
          until('it to commit what has not arrived', async () => {
            const { written } = oracle;
            return written - Number(await lag(world, run)) > oracle.arrived;
          });
        const fault = frozenThenKilledAfter(committedTooEarly);
        const verdict = await carryRecords(world, fault, [naive, naive], oracle);
        expect(verdict.problems.join()).toMatch(/lost/);
      } finally {
        await oracle.stop();
        await naive.remove();
      }
    },
    runLimitMs,
  );
});

describeReal('kafka', 'mosquitto')('the same with three Kafka brokers, when', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ brokers: 3 });
  });
  afterAll(() => world?.stop());

  test.each(byName(leaderKilled, rollingRestart))(
    '%s',
    async (_name, fault) => void (await expectRecordsSafe(world, fault)),
    runLimitMs,
  );
});
