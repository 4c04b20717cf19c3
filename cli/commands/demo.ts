/** The command line of `mkb demo`. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { readDuration } from '../../api/durations.ts';
import type { DemoArguments } from '../demo.ts';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';

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
      const { runDemo } = await import('../demo.ts');
      process.exitCode = await runDemo(given);
    });

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
  const value = readDuration(text);
  if (typeof value !== 'number' || value < 1 || value > 24 * 24 * 3_600_000)
    throw new InvalidArgumentError('Write a duration from 1ms to 24d, such as 100ms, 1s or 5m.');
  return value;
}
