// A minute shows no leak.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { describeReal } from '../real/require.ts';
import { bridgeKilled, type Fault, kafkaKilled, mosquittoRestarted, mqttEnded, type Scene } from './faults.ts';
import { carryUnder, settledAccounts } from './under-fault.ts';
import { mkbFor, startWorld } from './world.ts';

/** How long it takes, as `npm run proof -- --soak` says; otherwise it is skipped. */
const minutes = Number(process.env.MKB_SOAK ?? 0);
const messagesPerSecond = 1000;
const clients = 4;
const mostBytes = 500 * 1024 * 1024;

describeReal('kafka', 'mosquitto')('a soak', () => {
  test.skipIf(minutes === 0)(
    'with one fault after the other loses nothing, and the memory of the bridge stays bounded',
    async () => {
      const folder = temporaryFolder('soak');
      const world = await startWorld();
      const run = await world.newRun('mqtt proxy');
      const buffer = { mode: 'disk', path: join(folder, 'buffer'), fsync: 'interval' };
      const bridge = await mkbFor(run, { buffer });
      const shortly = ({ oracle }: Scene) =>
        oracle.reach(Math.min(1, oracle.load.acknowledged / oracle.load.total + 0.02));
      const faults: Fault[] = [{ ...kafkaKilled, last: shortly }, mqttEnded, mosquittoRestarted, bridgeKilled];
      let turn = 0;
      let most = 0;
      const each = (part: 'do' | 'last' | 'undo') => async (scene: Scene) => {
        await faults[turn % faults.length]![part]?.(scene);
        if (part !== 'undo') return;
        turn++;
        most = Math.max(most, bridge.residentBytes());
      };
      const fault: Fault = { name: 'soak', times: 20, do: each('do'), last: each('last'), undo: each('undo') };
      const messagesPerClient = (minutes * 60 * messagesPerSecond) / clients;
      try {
        await bridge.start();
        const verdict = await carryUnder(world, run, { fault, bridge, clients, messagesPerClient, messagesPerSecond });
        expect(verdict.problems, verdict.text).toEqual([]);
        expect(most).toBeLessThan(mostBytes);
        expect(await settledAccounts(bridge)).toEqual([]);
      } finally {
        await bridge.remove();
        await world.stop();
        removeFolder(folder);
      }
    },
    Math.max(1, 3 * minutes) * 60_000,
  );
});
