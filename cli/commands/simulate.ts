/** The command line of `mkb simulate`. */
import { Command } from 'commander';
import { defaultTopic, faultGrammar } from '../../demo/vehicles/defaults.ts';
import type { SimulateArguments } from '../simulate-options.ts';

const examples = `
Faults (--fault, as often as wanted; the probability is that of each turn of each vehicle):
  dropout:0.01[:10s]  the vehicle loses its connection without a DISCONNECT, and is away for this long
  malformed:0.001     the payload ends in the middle
  burst:0.01[:20]     20 messages at once

Examples:
  mkb simulate                                              ten vehicles, one message a second each, to localhost
  mkb simulate --url mqtt://broker:1883 --vehicles 1000 --interval 100ms --qos 0
  mkb simulate --url mqtts://broker:8883 --ca ca.pem --username fleet --password-file password.txt
  mkb simulate --topic 'vehicles/{clientid}/telemetry' --profile teslamate --limit 10000
  mkb simulate --fault dropout:0.01:5s --fault malformed:0.001 --duration 1m
  mkb simulate --metrics 127.0.0.1:9402                     where each vehicle is, for Prometheus
  mkb simulate --seed 7 --begin 2026-07-01T08:00:00Z        the same payloads in every run

Ends with --limit, --duration or Ctrl-C, and says what was published and acknowledged.
Exit codes: 0 done, 1 no connection, 2 an option is wrong.`;

const repeated = (value: string, before: readonly string[]): string[] => [...before, value];

/** The command, to be registered with `addCommand`. It sets `process.exitCode`: 1 for no connection, 2 for a wrong option. */
export const simulateCommand = (): Command =>
  new Command('simulate')
    .option('--url <url>', 'the broker: mqtt://, mqtts://, ws:// or wss://', 'mqtt://localhost:1883')
    .option('-n, --vehicles <count>', 'how many vehicles, each with a connection of its own', '10')
    .option('--interval <duration>', 'time between two messages of one vehicle', '1s')
    .option('--seed <text>', 'who drives where, and which faults happen', '1')
    .option('--topic <template>', 'where to publish; {clientid} and {vin} stand for the vehicle’s own', defaultTopic)
    .option(
      '--client-id <prefix>',
      'client ids are PREFIX_1, PREFIX_2 … (default: mqttx_ and eight digits of the seed)',
    )
    .option('--profile <name>', 'fields of the payload: demo (17 fields) or teslamate (54 fields)', 'demo')
    .option('--qos <level>', '0, 1 or 2', '1')
    .option('--mqtt-version <version>', '5, 3.1.1, or auto: 5, and 3.1.1 at a server that does not speak it', 'auto')
    .option('--username <name>', 'user name')
    .option('--password-file <file>', 'file with the password')
    .option('--password-env <name>', 'environment variable with the password')
    .option('--password <text>', 'the password itself; other users of this machine can see it')
    .option('--ca <file>', 'certificate authorities to trust, PEM')
    .option('--cert <file>', 'client certificate, PEM')
    .option('--key <file>', 'key of the client certificate, PEM')
    .option('--server-name <name>', 'name to expect in the server’s certificate')
    .option('--insecure', 'accept any certificate of the server')
    .option('--limit <messages>', 'stop after so many messages in all')
    .option('--duration <duration>', 'stop so long after the first connection')
    .option('--begin <time>', 'simulated time of the first message (default: now)')
    .option('--connect-rate <count>', 'how many vehicles may connect in a second', '200')
    .option('--connect-timeout <duration>', 'give up when nobody has connected for so long', '10s')
    .option('--fault <fault>', `${faultGrammar}; may be repeated`, repeated, [])
    .option('--metrics <host:port>', 'serve the vehicles to Prometheus at /metrics; port 0 takes a free one')
    .addHelpText('after', examples)
    .action(async (given: SimulateArguments) => {
      const { simulate } = await import('../simulate.ts');
      process.exitCode = await simulate(given);
    });
