import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { long } from './faults.ts';
import { runLimitMs } from './under-fault.ts';
import { mkbFor, oracleFor, startWorld, type World } from './world.ts';

const mebibyte = 1024 * 1024;
const messages = long ? 200_000 : 20_000;

/** Many times what the bridge may hold: the buffer of 64 MiB is never needed, because the Receive Maximum is 1,000. */
const payloadBytes = 4096;

/** What a process takes and gives back by itself, garbage among it. A bridge that kept the backlog would grow by 80 MiB and more. */
const allowedGrowthBytes = 40 * mebibyte;

describeReal('kafka', 'mosquitto')('while Kafka is away', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  test(
    `${messages} messages wait at the broker, the bridge's memory stays flat, and all of them arrive later`,
    async () => {
      const run = await world.newRun();
      const bridge = await mkbFor(run);
      const clients = 4;
      const perClient = messages / clients;
      const oracle = oracleFor(world, run, {
        clients,
        messagesPerClient: perClient,
        messagesPerSecond: 20_000,
        payloadBytes,
      });
      try {
        await bridge.start();
        await world.kafka.brokers[0]!.kill();
        await until('the bridge to notice', async () => !(await bridge.ready()));
        await oracle.start();
        await oracle.reach(0.2);
        const before = bridge.residentBytes();
        const sizes: number[] = [];
        let publishing = true;
        const sampling = (async () => {
          while (publishing) {
            sizes.push(bridge.residentBytes());
            await pause(100);
          }
        })();
        await oracle.load.finished;
        publishing = false;
        await sampling;
        expect((Math.max(...sizes) - before) / mebibyte).toBeLessThan(allowedGrowthBytes / mebibyte);
        expect((await bridge.metrics()).sum('mkb_messages_in_flight')).toBeLessThanOrEqual(1000);

        await world.kafka.brokers[0]!.start();
        const verdict = await oracle.verdict();
        expect(verdict.problems, verdict.text).toEqual([]);
        expect(verdict.acknowledged).toBe(messages);
      } finally {
        await oracle.stop();
        await bridge.remove();
      }
    },
    runLimitMs,
  );
});
