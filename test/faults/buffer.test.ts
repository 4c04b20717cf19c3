// What a buffer on disk has taken is acknowledged, and the broker forgets it: from then on only the files have it.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { describeReal } from '../real/require.ts';
import { bridgeKilled, bridgeStopped, byName, kafkaKilled, killedWithoutKafka, long, mqttCut } from './faults.ts';
import { ways } from './proof/ways.ts';
import { mkbUnder, runLimitMs } from './under-fault.ts';
import { startWorld, type World } from './world.ts';

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

    const cases = byName(killedWithoutKafka, ...(long ? [bridgeKilled, bridgeStopped, kafkaKilled, mqttCut] : []));
    test.each(
      cases.flatMap(([name, fault]) => (['always', 'interval'] as const).map(fsync => [name, fsync, fault] as const)),
    )(
      '%s (fsync: %s)',
      async (name, fsync, fault) => {
        const buffer = { mode: 'disk', path: join(folder, `${name}-${fsync}`), fsync };
        const { verdict, accounts } = await mkbUnder(world, fault, {
          buffer,
          way: ways.buffer(1, `disk, fsync: ${fsync}`),
        });
        expect(verdict.problems, verdict.text).toEqual([]);
        expect(accounts).toEqual([]);
      },
      runLimitMs,
    );
  },
);
