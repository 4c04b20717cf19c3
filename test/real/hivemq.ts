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
import { type RunningMqttBroker, runBroker } from './broker-process.ts';
import { temporaryFolder } from './cleanup.ts';
import { smallJava } from './kafka-config.ts';
import { freePorts } from './ports.ts';
import { hivemqClassPath } from './systems.ts';

export interface RunningHivemq extends RunningMqttBroker {
  readonly urlWs: string;
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
  // The last line of a start. That a port answers is too early: WebSockets come after TCP.
  const readyLine = 'Started HiveMQ in';
  const broker = await runBroker({ name: 'HiveMQ', command: 'java', args, folder, port: tcp, readyLine });
  return Object.assign(broker, { urlWs: `ws://127.0.0.1:${ws}/mqtt` });
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
