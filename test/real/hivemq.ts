/**
 * A real HiveMQ Community Edition for tests, on free ports, in a temporary folder, in about three seconds.
 *
 * It is a second opinion on MQTT beside Mosquitto, and differs where the standard leaves room. It sends a client at most 50 QoS 1 and 2
 * messages, whatever larger Receive Maximum the client announced, and nothing more until all of them are acknowledged. A shared
 * subscription has one queue for all its members: what a dead member had goes to another, but what is published while one member
 * acknowledges nothing may wait for that member, even if the others are idle.
 *
 * Sessions and their queues are files, so they outlive `kill`. Its own default drops QoS 1 messages beyond 1,000 for a client; here the
 * queue has room for what tests need, because a test of loss would blame the bridge.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeFolder, temporaryFolder } from './cleanup.ts';
import { smallJava } from './kafka-config.ts';
import { freePorts } from './ports.ts';
import { ServerProcess } from './server-process.ts';
import { hivemqClassPath } from './systems.ts';
import { until } from './until.ts';

/** A running HiveMQ. */
export interface RunningHivemq {
  readonly port: number;
  readonly url: string;
  readonly urlWs: string;
  readonly pid: number;
  readonly running: boolean;
  /** Sends a signal, SIGKILL unless told, and waits for the process to end. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again after `kill`, with the same ports and data. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
  /** The end of its log. */
  log(): string;
}

/** Starts HiveMQ and waits until it listens. */
export async function startHivemq(): Promise<RunningHivemq> {
  const classPath = hivemqClassPath();
  if (!classPath) throw new Error('HiveMQ is not installed here: npm run provision');
  const folder = temporaryFolder('hivemq');
  const [tcp, ws] = (await freePorts(2)) as [number, number];
  mkdirSync(join(folder, 'conf'));
  writeFileSync(join(folder, 'conf', 'config.xml'), config(tcp, ws));
  const main = join(import.meta.dirname, 'Hivemq.java');
  const args = [...smallJava, `-Dhivemq.home=${folder}`, '-cp', classPath, main];
  const process = new ServerProcess({ name: 'HiveMQ', command: 'java', args, logFile: join(folder, 'output') });
  let starts = 0;
  const start = async () => {
    starts++;
    await process.launch();
    // The last line of a start. That a port answers is too early: WebSockets come after TCP.
    const ready = () =>
      process.pid > 0 && process.log(Number.POSITIVE_INFINITY).split('Started HiveMQ in').length > starts;
    await until('HiveMQ to start', ready).catch(error => {
      throw new Error(`${error.message}\n${process.log()}`, { cause: error });
    });
  };
  const stop = async () => {
    await process.kill();
    removeFolder(folder);
  };
  await start().catch(async error => {
    await stop();
    throw error;
  });
  return {
    port: tcp,
    url: `mqtt://127.0.0.1:${tcp}`,
    urlWs: `ws://127.0.0.1:${ws}/mqtt`,
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

/** A publisher of tests does not count what is under way, so the server's own Receive Maximum of 10 is raised to the highest. */
const config = (tcp: number, ws: number) => `<?xml version="1.0"?>
<hivemq>
  <listeners>
    <tcp-listener>
      <port>${tcp}</port>
      <bind-address>127.0.0.1</bind-address>
    </tcp-listener>
    <websocket-listener>
      <port>${ws}</port>
      <bind-address>127.0.0.1</bind-address>
      <path>/mqtt</path>
    </websocket-listener>
  </listeners>
  <mqtt>
    <queued-messages>
      <max-queue-size>1000000</max-queue-size>
    </queued-messages>
    <receive-maximum>
      <server-receive-maximum>65535</server-receive-maximum>
    </receive-maximum>
  </mqtt>
  <anonymous-usage-statistics>
    <enabled>false</enabled>
  </anonymous-usage-statistics>
</hivemq>
`;
