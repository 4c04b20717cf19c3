// Whatever a buffer is told to do when it is full, nobody had compared what it counts with what is missing.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { faketimeLibrary, settableClock } from '../real/faketime.ts';
import { freePort } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';
import { canMakeSmallDisks, onSmallDisk } from '../support/small-disk.ts';
import { type BufferCase, bufferCases, described, fullDisk, jumpingClock } from './buffer-cases.ts';
import type { Fault } from './faults.ts';
import { proving } from './proof/prove.ts';
import { ways } from './proof/ways.ts';
import { readBack } from './read-back.ts';
import { judgeUnder, load, proveVerdict, runLimitMs, settledAccounts } from './under-fault.ts';
import { oracleFor, runDocument, startWorld, type World } from './world.ts';

/** A memory that blocks is no buffer of its own: the session reads no further. */
const droppedBy = async (bridge: MkbProcess, { mode, whenFull }: BufferCase['buffer']): Promise<number> =>
  mode === 'memory' && whenFull === 'block' ? 0 : (await bridge.metrics()).sum('mkb_buffer_messages_dropped_total');

const named = (each: BufferCase) => [each.qos, described(each.buffer), each.fault.name, each] as const;

describeReal('kafka', 'mosquitto')('what was acknowledged is in Kafka, or counted as dropped,', () => {
  let world: World;
  let folder: string;
  beforeAll(async () => {
    folder = temporaryFolder('buffers');
    world = await startWorld();
  });
  afterAll(async () => {
    await world?.stop();
    removeFolder(folder);
  });

  async function expectAccounted({ qos, buffer, fault, diskBytes, clockJumps }: BufferCase): Promise<void> {
    const run = await world.newRun(fault.link);
    const path = join(folder, run.topic);
    const clock = clockJumps ? settableClock(folder) : undefined;
    const document = runDocument(run, { qos, buffer: { ...buffer, ...(buffer.mode === 'disk' && { path }) } });
    const disk = diskBytes === undefined ? undefined : onSmallDisk(path, diskBytes);
    const bridge = new MkbProcess(document, await freePort(), 0, clock?.env, disk);
    const kafka = world.kafka.client();
    // What is missing is nothing to wait for: the bridge says when it has nothing left.
    const oracle = oracleFor(world, run, {
      ...load,
      payloadBytes: 1000,
      arrivals: async ledgers => {
        const acknowledged = ledgers.reduce((sum, each) => sum + each.acknowledged.size, 0);
        const through = async () => {
          const metrics = await bridge.metrics();
          return (
            metrics.sum('mkb_messages_received_total', 'mqtt') >= acknowledged &&
            metrics.sum('mkb_messages_in_flight', 'mqtt') === 0
          );
        };
        await until('the bridge to have nothing left', through, { timeoutMs: 120_000 });
        return await readBack(kafka, run.topic, ledgers, 3000);
      },
    });
    const jumping: Fault = {
      ...fault,
      last: async scene => {
        clock?.set(-3600);
        await fault.last?.(scene);
        clock?.set(3600);
        await fault.last?.(scene);
      },
      undo: async scene => {
        await fault.undo(scene);
        clock?.set(0);
      },
    };
    try {
      await bridge.start();
      const verdict = await judgeUnder(world, jumping, bridge, oracle);
      const dropped = await droppedBy(bridge, buffer);
      proveVerdict(world, ways.buffer(qos, described(buffer)), fault, verdict, dropped);
      expect(verdict.lost, `${verdict.text}\n${bridge.log()}`).toBe(dropped);
      expect(verdict.problems.filter(problem => !problem.startsWith('Acknowledged messages are missing'))).toEqual([]);
      if (buffer.whenFull === 'block') expect(dropped).toBe(0);
      expect(await settledAccounts(bridge)).toEqual([]);
    } finally {
      await bridge.remove();
    }
  }

  test.each(bufferCases.map(named))(
    'with QoS %i and a buffer of mode %s, when %s',
    async (_qos, _mode, _fault, given) => await expectAccounted(given),
    runLimitMs,
  );

  test.skipIf(!canMakeSmallDisks())(
    'with a disk that is full while Kafka is down',
    async () => await expectAccounted(fullDisk),
    runLimitMs,
  );

  test.skipIf(!proving || faketimeLibrary() === undefined)(
    'with a clock that jumps while messages wait',
    async () => await expectAccounted(jumpingClock),
    runLimitMs,
  );
});
