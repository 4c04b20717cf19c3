// A coordinator moved to another broker in the middle of a transaction: what that left behind was written twice.
import { afterAll, beforeAll, test } from 'vitest';
import { describeReal } from '../real/require.ts';
import { copyUnder } from './copied-records.ts';
import { runLimitMs } from './under-fault.ts';
import { startWorld, type World } from './world.ts';

describeReal('kafka', 'mosquitto')('a record from Kafka to Kafka', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ brokers: 3 });
  });
  afterAll(() => world?.stop());

  test(
    'is seen once, when each of three brokers is killed with -9 and started again',
    () =>
      copyUnder(world, {
        name: 'coordinators move',
        run: async ({ kafka, reach }) => {
          for (const [at, broker] of kafka.brokers.entries()) {
            await reach((at + 0.5) / 4);
            await broker.kill();
            await broker.start();
          }
        },
      }),
    runLimitMs,
  );
});
