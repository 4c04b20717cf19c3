import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeReal } from '../real/require.ts';
import { byName, leaderKilled, rollingRestart } from './faults.ts';
import { ways } from './proof/ways.ts';
import { mkbUnder, runLimitMs } from './under-fault.ts';
import { startWorld, type World } from './world.ts';

describeReal('kafka', 'mosquitto')('with three replicas of which two must be in sync, nothing is lost when', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ brokers: 3 });
  });
  afterAll(() => world?.stop());

  test.each(byName(leaderKilled, rollingRestart))(
    '%s',
    async (_name, fault) => {
      const { verdict, accounts } = await mkbUnder(world, fault, { way: ways.qos1 });
      expect(verdict.problems, verdict.text).toEqual([]);
      expect(accounts).toEqual([]);
    },
    runLimitMs,
  );
});
