import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { long } from './faults.ts';
import { runLimitMs } from './under-fault.ts';
import { mkbFor, oracleFor, startWorld, type World } from './world.ts';

const mebibyte = 1024 * 1024;
const clients = 4;
const messagesPerClient = long ? 50_000 : 5000;
const messages = clients * messagesPerClient;

/** The backlog is 78 MiB at least, so a bridge that kept it would grow by as much; the naive one does. */
const payloadBytes = 4096;

/** What a process takes and gives back by itself while it works: garbage, and code that gets warm. */
const allowedGrowthMebibytes = 40;

describeReal('kafka', 'mosquitto')('while Kafka is away', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  test(
    `${messages} messages wait at the MQTT broker, the bridge's memory stays flat, and all of them arrive later`,
    async () => {
      const run = await world.newRun();
      const bridge = await mkbFor(run);
      const oracle = oracleFor(world, run, { clients, messagesPerClient, messagesPerSecond: 20_000, payloadBytes });
      let peakBytes = 0;
      const sampling = setInterval(() => {
        if (bridge.running) peakBytes = Math.max(peakBytes, bridge.residentBytes());
      }, 100);
      try {
        await bridge.start();
        await world.kafka.brokers[0]!.kill();
        await until('the bridge to notice', async () => !(await bridge.ready()));
        const beforeBytes = bridge.residentBytes();
        await oracle.start();
        await oracle.load.finished;
        expect((peakBytes - beforeBytes) / mebibyte).toBeLessThan(allowedGrowthMebibytes);
        // Not the Receive Maximum exactly: Mosquitto 2.0 goes beyond it (test/real/mosquitto.ts).
        expect((await bridge.metrics()).sum('mkb_messages_in_flight')).toBeLessThan(2 * 1000);

        await world.kafka.brokers[0]!.start();
        const verdict = await oracle.verdict();
        expect(verdict.problems, verdict.text).toEqual([]);
        expect(verdict.acknowledged).toBe(messages);
      } finally {
        clearInterval(sampling);
        await oracle.stop();
        await bridge.remove();
      }
    },
    runLimitMs,
  );
});
