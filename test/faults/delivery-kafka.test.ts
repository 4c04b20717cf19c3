import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeReal } from '../real/require.ts';
import { byName, kafkaCut, kafkaFrozen, kafkaKilled, kafkaSlowed, nothing } from './faults.ts';
import { ways } from './proof/ways.ts';
import { mkbUnder, runLimitMs } from './under-fault.ts';
import { startWorld, type World } from './world.ts';

describeReal('kafka', 'mosquitto')('no acknowledged message is lost, damaged or overtaken when', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  test.each(byName(nothing, kafkaKilled, kafkaFrozen, kafkaCut, kafkaSlowed))(
    '%s',
    async (_name, fault) => {
      const { verdict, accounts } = await mkbUnder(world, fault, { way: ways.qos1 });
      expect(verdict.problems, verdict.text).toEqual([]);
      expect(accounts).toEqual([]);
    },
    runLimitMs,
  );

  test('a run in which nothing happens makes no copies', async () => {
    const { verdict } = await mkbUnder(world, nothing);
    expect(verdict.duplicates, verdict.text).toBe(0);
  });
});
