/**
 * What the profile `chaos` runs: breaks one part of the demo after another, for ever, and repairs it, so that the dashboard can
 * show that nothing is lost.
 *
 *     node chaos.js [--every SECONDS]        once in so many seconds; 45 by default
 *
 * Killing a container from outside needs the engine's socket, and who holds that is master of the machine. There is no lesser way: a
 * process cannot kill the first process of its own container, and a container that shares another's processes dies with them. So this
 * runs in the profile only, touches nothing but the containers of its own project, and undoes what it is at when it is stopped.
 */
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { Engine } from './engine.ts';

/** Something bad that happens to a container, and its end. */
export interface Fault {
  /** Services that it may happen to: the first that the project has. */
  readonly services: readonly string[];
  readonly what: string;
  readonly seconds: number;
  readonly begin: (engine: Engine, id: string) => Promise<void>;
  readonly end: (engine: Engine, id: string) => Promise<void>;
}

const brokers = ['emqx', 'mosquitto'];
const start = (engine: Engine, id: string) => engine.start(id);
const kill = (engine: Engine, id: string) => engine.kill(id);

/**
 * In this order, again and again. The MQTT broker is restarted and not killed: what it has acknowledged and holds in memory only is
 * its own to lose, and no bridge can bring that back.
 */
export const faults: readonly Fault[] = [
  { services: ['kafka'], what: 'killed (SIGKILL) for', seconds: 5, begin: kill, end: start },
  { services: ['bridge'], what: 'killed (SIGKILL) for', seconds: 5, begin: kill, end: start },
  {
    services: ['kafka'],
    what: 'frozen for',
    seconds: 15,
    begin: (engine, id) => engine.pause(id),
    end: (engine, id) => engine.resume(id),
  },
  {
    services: ['kafka'],
    what: 'slowed to a tenth of a processor for',
    seconds: 20,
    begin: (engine, id) => engine.limit(id, 10),
    end: (engine, id) => engine.limit(id, undefined),
  },
  {
    services: brokers,
    what: 'restarted and watched for',
    seconds: 5,
    begin: (engine, id) => engine.restart(id),
    end: async () => undefined,
  },
  {
    services: brokers,
    what: 'frozen for',
    seconds: 10,
    begin: (engine, id) => engine.pause(id),
    end: (engine, id) => engine.resume(id),
  },
];

export interface ChaosOptions {
  /** The time between the end of a fault and the next one. */
  readonly everySeconds: number;
  /** Ends it, after the present fault is undone. */
  readonly signal: AbortSignal;
  /** Takes each thing that happens, as a line. */
  readonly tell: (line: string) => void;
  /** Waits so many seconds, or until the signal; a test has no such patience. */
  readonly wait?: (seconds: number, signal: AbortSignal) => Promise<void>;
}

/** Breaks and repairs the containers of a Compose project until the signal comes. */
export async function runChaos(engine: Engine, project: string, options: ChaosOptions): Promise<void> {
  const { everySeconds, signal, wait = realTime } = options;
  for (let turn = 0; ; turn++) {
    await wait(everySeconds, signal);
    if (signal.aborted) return;
    await breakOnce(engine, project, faults[turn % faults.length]!, options);
  }
}

async function breakOnce(engine: Engine, project: string, fault: Fault, options: ChaosOptions): Promise<void> {
  const { tell, signal, wait = realTime } = options;
  const { services, what, seconds, begin, end } = fault;
  try {
    const found = await Promise.all(services.map(service => engine.containerOf(project, service)));
    const id = found.find(each => each !== undefined);
    if (id === undefined) return;
    const service = services[found.indexOf(id)];
    tell(`${service} is ${what} ${seconds} s`);
    await begin(engine, id);
    try {
      await wait(seconds, signal);
    } finally {
      await end(engine, id);
    }
    tell(`${service} is on its own again`);
  } catch (error) {
    // Somebody else stopped or removed it meanwhile; the next turn comes all the same.
    tell((error as Error).message);
  }
}

const realTime = (seconds: number, signal: AbortSignal): Promise<void> =>
  pause(seconds * 1000, undefined, { signal }).catch(() => undefined);

function everyOf(args: readonly string[]): number | undefined {
  if (args.length === 0) return 45;
  const seconds = args[0] === '--every' ? Number(args[1]) : Number.NaN;
  return args.length === 2 && Number.isInteger(seconds) && seconds > 0 ? seconds : undefined;
}

if (import.meta.main) {
  const everySeconds = everyOf(process.argv.slice(2));
  const engine = new Engine('/var/run/docker.sock');
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());
  const tell = (line: string) => process.stdout.write(`${new Date().toISOString()} ${line}\n`);
  if (everySeconds === undefined) {
    process.stderr.write('usage: chaos.js [--every SECONDS], a whole number from 1\n');
    process.exitCode = 2;
  } else {
    const project = await engine.projectOf(hostname());
    if (project === undefined) throw new Error('This container belongs to no Compose project.');
    tell(`Something breaks every ${everySeconds} s. Look at the dashboard.`);
    await runChaos(engine, project, { everySeconds, signal: stop.signal, tell });
  }
}
