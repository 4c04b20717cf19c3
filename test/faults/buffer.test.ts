// What a buffer on disk has taken is acknowledged, and the broker forgets it: from then on only the files have it.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { describeReal } from '../real/require.ts';
import { bridgeKilled, bridgeStopped, byName, type Fault, kafkaKilled, long, mqttCut, type Scene } from './faults.ts';
import { mkbUnder, runLimitMs } from './under-fault.ts';
import { startWorld, type World } from './world.ts';

const whileMessagesPileUp = ({ oracle }: Scene, share: number) =>
  oracle.reach(Math.min(1, oracle.load.acknowledged / oracle.load.total + share));

/** Not `start`: without Kafka it is not ready. */
const killAgainAndAgain: Fault = {
  name: 'Kafka is down, and the bridge is killed with -9 again and again meanwhile',
  do: ({ kafka }) => kafka.brokers[0]!.kill(),
  last: async scene => {
    for (let time = 0; time < (long ? 10 : 3); time++) {
      await whileMessagesPileUp(scene, 0.05);
      await scene.bridge.kill();
      await scene.bridge.launch();
    }
    await whileMessagesPileUp(scene, 0.05);
  },
  undo: ({ kafka }) => kafka.brokers[0]!.start(),
};

describeReal('kafka', 'mosquitto')(
  'with a buffer on disk no acknowledged message is lost, damaged or overtaken when',
  () => {
    let world: World;
    let folder: string;
    beforeAll(async () => {
      folder = temporaryFolder('buffer');
      world = await startWorld();
    });
    afterAll(async () => {
      await world?.stop();
      removeFolder(folder);
    });

    const cases = byName(killAgainAndAgain, ...(long ? [bridgeKilled, bridgeStopped, kafkaKilled, mqttCut] : []));
    test.each(
      cases.flatMap(([name, fault]) => (['always', 'interval'] as const).map(fsync => [name, fsync, fault] as const)),
    )(
      '%s (fsync: %s)',
      async (name, fsync, fault) => {
        const buffer = { mode: 'disk', path: join(folder, `${name}-${fsync}`), fsync };
        const { verdict, accounts } = await mkbUnder(world, fault, { buffer });
        expect(verdict.problems, verdict.text).toEqual([]);
        expect(accounts).toEqual([]);
      },
      runLimitMs,
    );
  },
);
