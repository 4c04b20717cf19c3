import type { Verdict } from '../../bridge/verify/verdict.ts';
import { until } from '../real/until.ts';
import type { BridgeProcess, MkbProcess } from '../support/bridge-process.ts';
import { type Fault, long, type Scene } from './faults.ts';
import type { Oracle, OracleOptions } from './oracle.ts';
import { prove } from './proof/prove.ts';
import type { Way } from './proof/ways.ts';
import { mkbFor, oracleFor, type Run, type World } from './world.ts';

/** A run that takes longer than this has failed, milliseconds. */
export const runLimitMs = long ? 1_800_000 : 600_000;

/** How big a run is: a few thousand messages over two seconds, or a hundred thousand. */
export const load = long
  ? { messagesPerClient: 25_000, messagesPerSecond: 5000 }
  : { messagesPerClient: 1000, messagesPerSecond: 2000 };

/**
 * Has a bridge carry a load while a fault is done and undone, its times spread over the run, and judges. The bridge is ready before and
 * is left running.
 */
export async function carryUnder(
  world: World,
  run: Run,
  { fault, bridge, ...options }: { fault: Fault; bridge: BridgeProcess } & Partial<OracleOptions>,
): Promise<Verdict> {
  return await judgeUnder(world, fault, bridge, oracleFor(world, run, { ...load, ...options }));
}

/** As `carryUnder`, with an oracle that the test has made. */
export async function judgeUnder(world: World, fault: Fault, bridge: BridgeProcess, oracle: Oracle): Promise<Verdict> {
  const scene: Scene = { ...world, bridge, oracle };
  try {
    await oracle.start();
    const times = fault.times ?? 1;
    for (let time = 0; time < times; time++) {
      await oracle.reach((time + 0.5) / (times + 1));
      await fault.do(scene);
      await fault.last?.(scene);
      await fault.undo(scene);
    }
    return await oracle.verdict();
  } finally {
    await oracle.stop();
  }
}

/** The row of a run on the page of what was proved. @param dropped messages that the bridge has counted as dropped */
export function proveVerdict({ systems }: World, way: Way, fault: Fault, verdict: Verdict, dropped = 0): void {
  const { acknowledged: messages, lost, duplicates: duplicated } = verdict;
  prove({ way, fault: fault.name, systems, messages, lost: lost - dropped, dropped, duplicated });
}

/** Our bridge under a fault: what the oracle says and what is wrong with the bridge's own accounts afterwards. */
export async function mkbUnder(
  world: World,
  fault: Fault,
  { run: of, way, ...options }: { qos?: 1 | 2; buffer?: object; run?: Run; way?: Way } & Partial<OracleOptions> = {},
): Promise<{ verdict: Verdict; accounts: string[] }> {
  const run = of ?? (await world.newRun(fault.link));
  const bridge = await mkbFor(run, options);
  try {
    await bridge.start();
    const verdict = await carryUnder(world, run, { fault, bridge, ...options });
    if (way !== undefined) proveVerdict(world, way, fault, verdict);
    return { verdict, accounts: await settledAccounts(bridge) };
  } finally {
    await bridge.remove();
  }
}

/**
 * What is wrong with a bridge's accounts when all is quiet; empty is good. Received must be delivered, dead-lettered, dropped, returned and in
 * flight at every scrape, for each source, and in flight must come down to nothing.
 */
export async function settledAccounts(bridge: MkbProcess): Promise<string[]> {
  const wrong: string[] = [];
  const settled = async () => {
    const metrics = await bridge.metrics();
    wrong.push(...metrics.unbalanced);
    return metrics.sum('mkb_messages_in_flight') === 0;
  };
  await until('nothing to be in flight', settled).catch(error => wrong.push(error.message));
  return wrong;
}
