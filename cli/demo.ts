/** `mkb demo`: the whole way, from vehicles to Kafka, with nothing to install. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { durationMs } from '../api/units.ts';
import { createLog } from '../bridge/observe/log.ts';
import { type Demo, type DemoOptions, startDemo } from '../demo/demo.ts';
import type { PortWish } from '../demo/ports.ts';
import { bannerLines } from '../demo/terminal/banner.ts';
import { LiveLine } from '../demo/terminal/live-line.ts';
import { summaryLines } from '../demo/terminal/summary.ts';
import { exitCodeHelp, exitCodes } from './exit-codes.ts';
import { printError, takesColour } from './output.ts';
import { StopSignal } from './signals.ts';

interface DemoArguments {
  readonly vehicles: number;
  readonly interval: number;
  readonly seed: string;
  readonly mqttPort?: number;
  readonly kafkaPort?: number;
  readonly httpPort?: number;
  readonly metricsPort?: number;
  readonly duration?: number;
  readonly page: boolean;
  readonly listen?: boolean;
}

const help = `
Starts an MQTT server, a Kafka broker, the bridge with demo/my-vehicles.yaml, and vehicles that publish: all in this process, and
reachable from this machine only. Ends with Ctrl-C or after --duration, and says whether everything that was published has arrived.

A usual port that is taken is left alone: the next free one is used, and printed. 0 takes any free one.

Examples:
  mkb demo
  mkb demo --vehicles 200 --interval 100ms
  mkb demo --listen
  mkb demo --mqtt-port 0 --kafka-port 0 --no-page --duration 10s
${exitCodeHelp(
  [exitCodes.ok, 'nothing was lost'],
  [exitCodes.failed, 'something was lost, or could not start'],
  [exitCodes.usage, 'the command line is wrong'],
)}`;

export const demoCommand = (): Command =>
  new Command('demo')
    .description('run everything here: simulated vehicles, MQTT, the bridge, Kafka, and a page to watch them')
    .option('-n, --vehicles <count>', 'how many vehicles', whole(1, 10_000), 10)
    .addOption(
      new Option('--interval <duration>', 'time between two messages of one vehicle')
        .argParser(interval)
        .default(1000, '1s'),
    )
    .option('--seed <text>', 'who drives where', '1')
    .option('--mqtt-port <port>', 'port of MQTT (default: 1883 or the next free one)', parsePort)
    .option('--kafka-port <port>', 'port of Kafka (default: 9092 or the next free one)', parsePort)
    .option('--http-port <port>', 'port of the page (default: 3000 or the next free one)', parsePort)
    .option('--metrics-port <port>', 'port of /metrics (default: 9400 or the next free one)', parsePort)
    .option('--duration <duration>', 'stop after this long', interval)
    .option('--no-page', 'without the page')
    .option('--listen', 'without an MQTT server: the vehicles connect to the bridge itself (mqtt.listen)')
    .addHelpText('after', help)
    .action(async (given: DemoArguments) => {
      process.exitCode = await runDemo(given);
    });

const runDemo = async (given: DemoArguments): Promise<number> => {
  const signal = new StopSignal();
  const line = new LiveLine(process.stdout);
  const log = createLog('warn', stream => ({ write: text => line.aside(() => stream.write(text)) }));
  try {
    const starting = startDemo(demoOptions(given, log));
    const demo = await Promise.race([starting, signal.came.then(() => undefined)]);
    // Ctrl-C before everything ran: nothing was shown that would need a summary.
    if (demo === undefined) return await starting.then(stopEarly);
    // From the start of the process, loading included: what a person waits.
    print(bannerLines(demo.facts, performance.now() / 1000, takesColour(process.stdout)));
    demo.onFigures(figures => line.show(figures));
    return await untilStopped(demo, signal, given.duration, line);
  } catch (error) {
    line.clear();
    printError(error);
    return exitCodes.failed;
  } finally {
    signal.end();
  }
};

const stopEarly = async (demo: Demo): Promise<number> => {
  await demo.stop();
  return exitCodes.ok;
};

/** Runs until a signal, the end of its time or a failure, and stops in order. */
const untilStopped = async (
  demo: Demo,
  signal: StopSignal,
  duration: number | undefined,
  line: LiveLine,
): Promise<number> => {
  const time = Promise.withResolvers<void>();
  const timer = duration === undefined ? undefined : setTimeout(time.resolve, duration);
  let failed = false;
  try {
    await Promise.race([signal.came, time.promise, demo.failed]);
  } catch (error) {
    line.aside(() => printError(error));
    failed = true;
  }
  clearTimeout(timer);
  const summary = await demo.stop();
  line.clear();
  print(summaryLines(summary));
  return failed || summary.lost > 0 ? exitCodes.failed : exitCodes.ok;
};

const print = (lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n`);

const demoOptions = (given: DemoArguments, log: DemoOptions['log']): DemoOptions => {
  const wish = (option: string, port: number | undefined, usual: number): PortWish => ({
    option,
    port: port ?? usual,
    asked: port !== undefined && port !== 0,
  });
  return {
    vehicles: given.vehicles,
    intervalMs: given.interval,
    seed: given.seed,
    ports: {
      mqtt: wish('--mqtt-port', given.mqttPort, 1883),
      kafka: wish('--kafka-port', given.kafkaPort, 9092),
      metrics: wish('--metrics-port', given.metricsPort, 9400),
    },
    listen: given.listen === true,
    page: given.page ? wish('--http-port', given.httpPort, 3000) : undefined,
    log,
  };
};

function whole(low: number, high: number): (text: string) => number {
  return text => {
    const value = Number(text);
    if (/^[0-9]{1,9}$/.test(text) && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`Write a whole number from ${low} to ${high}.`);
  };
}

function parsePort(text: string): number {
  return whole(0, 65_535)(text);
}

function interval(text: string): number {
  const allowed = 'Write a duration from 1ms to 24d, such as 100ms, 1s or 5m.';
  let value: number;
  try {
    value = durationMs(text);
  } catch {
    throw new InvalidArgumentError(allowed);
  }
  if (value < 1 || value > 24 * 24 * 3_600_000) throw new InvalidArgumentError(allowed);
  return value;
}
