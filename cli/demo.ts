/** `mkb demo`: the whole way, from vehicles to Kafka, with nothing to install. */
import { createLog } from '../bridge/observe/log.ts';
import { type Demo, type DemoOptions, startDemo } from '../demo/demo.ts';
import type { PortWish } from '../demo/ports.ts';
import { bannerLines } from '../demo/terminal/banner.ts';
import { LiveLine } from '../demo/terminal/live-line.ts';
import { summaryLines } from '../demo/terminal/summary.ts';
import { exitCodes } from './exit-codes.ts';
import { printError, takesColour } from './output.ts';
import { StopSignal } from './signals.ts';

export interface DemoArguments {
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

export const runDemo = async (given: DemoArguments): Promise<number> => {
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
