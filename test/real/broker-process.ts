/** An MQTT broker as tests run it: one process, a port of 127.0.0.1 for MQTT, and a folder with its data that outlives `kill`. */
import { connect } from 'node:net';
import { removeFolder } from './cleanup.ts';
import { type ServerCommand, ServerProcess } from './server-process.ts';
import { untilStarted } from './until.ts';

/** A running broker. */
export interface RunningMqttBroker {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  readonly running: boolean;
  /** Sends a signal, SIGKILL unless another is given, and waits for the process to end. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again after `kill`, with the same ports and data. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
  /** The end of its log. */
  log(): string;
}

export interface BrokerPlan extends Omit<ServerCommand, 'logFile'> {
  readonly folder: string;
  readonly port: number;
  /** What its log says at the end of each start; without it, it is ready as soon as the port answers. */
  readonly readyLine?: string;
  /** What else has to end with it. */
  readonly alsoStop?: () => Promise<void>;
}

/** Starts it and waits until it is ready. Cleans up when it does not come up. */
export async function runBroker({
  folder,
  port,
  readyLine,
  alsoStop,
  ...command
}: BrokerPlan): Promise<RunningMqttBroker> {
  const process = new ServerProcess({ ...command, logFile: `${folder}/output` });
  let starts = 0;
  const saidReady = (line: string) => process.log(Number.POSITIVE_INFINITY).split(line).length > starts;
  const start = async () => {
    starts++;
    await process.launch();
    const ready = () => process.pid > 0 && (readyLine === undefined ? answers(port) : saidReady(readyLine));
    await untilStarted(`${command.name} to start`, ready).catch(error => {
      throw new Error(`${error.message}\n${process.log()}`, { cause: error });
    });
  };
  const stop = async () => {
    await process.kill();
    await alsoStop?.();
    removeFolder(folder);
  };
  await start().catch(async error => {
    await stop();
    throw error;
  });
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    get pid() {
      return process.pid;
    },
    get running() {
      return process.running;
    },
    kill: signal => process.kill(signal),
    start,
    stop,
    log: () => process.log(),
  };
}

/** Whether a port of 127.0.0.1 takes a connection. */
export function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.end(() => resolve(true)));
    socket.once('error', () => resolve(false));
  });
}
