import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Verdict } from '../../bridge/verify/verdict.ts';
import { describeReal } from '../real/require.ts';
import { bridgeKilled, type Fault, kafkaKilled, nothing } from './faults.ts';
import { carryUnder } from './under-fault.ts';
import { naiveFor, startWorld, type World } from './world.ts';

describeReal('kafka', 'mosquitto')('the oracle, on a naive bridge', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  async function naiveUnder(fault: Fault, acknowledge: 'before' | 'after', patienceMs = 60_000): Promise<Verdict> {
    const run = await world.newRun();
    const bridge = naiveFor(run, acknowledge);
    try {
      await bridge.start();
      return await carryUnder(world, run, { fault, bridge, patienceMs });
    } finally {
      await bridge.remove();
    }
  }

  /** What was handed over and not yet sent dies with the bridge. */
  const killedWhileKafkaIsAway: Fault = {
    name: 'the bridge is killed while Kafka is away',
    do: kafkaKilled.do,
    // So long that the bridge has had some of what the publishers sent meanwhile.
    last: async scene => {
      const { acknowledged, total } = scene.oracle.load;
      await scene.oracle.reach(Math.min(1, acknowledged / total + 0.4));
      await scene.bridge.kill();
    },
    undo: async scene => {
      await kafkaKilled.undo(scene);
      await scene.bridge.start();
    },
  };

  test('finds nothing wrong when nothing happens', async () => {
    const verdict = await naiveUnder(nothing, 'before');
    expect(verdict.problems, verdict.text).toEqual([]);
    expect(verdict.records).toBe(verdict.published);
  });

  test('finds the loss of a bridge that acknowledges before Kafka and is killed while Kafka is away', async () => {
    const verdict = await naiveUnder(killedWhileKafkaIsAway, 'before', 3000);
    expect(verdict.text).toMatch(/PROMISES BROKEN\.\nAcknowledged messages are missing: c0: \d+ \(/);
  });

  test('finds none in a bridge that acknowledges after Kafka, under the same fault', async () => {
    const verdict = await naiveUnder(killedWhileKafkaIsAway, 'after');
    expect(verdict.problems, verdict.text).toEqual([]);
  });

  test('counts the copies of a bridge that acknowledges after Kafka and is killed, and finds no loss', async () => {
    const verdict = await naiveUnder(bridgeKilled, 'after');
    expect(verdict.problems, verdict.text).toEqual([]);
    expect(verdict.acknowledged).toBe(verdict.published);
  });
});
