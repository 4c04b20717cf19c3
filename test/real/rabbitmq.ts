/**
 * A real RabbitMQ with its MQTT plugin for tests, on free ports, in a temporary folder, in about ten seconds; a later `start` takes three.
 *
 * RabbitMQ 3 speaks MQTT 3.1.1 alone: it closes the connection of a client that asks for MQTT 5, without a CONNACK. It has no QoS 2 (a
 * subscription gets 1) and no shared subscriptions. A session is a durable queue, so it outlives SIGKILL.
 *
 * Nodes of Erlang find each other by a daemon, epmd, that the first one leaves running for all of the machine. Here it gets one of its
 * own, which ends with it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answers, type RunningMqttBroker, runBroker } from './broker-process.ts';
import { rabbitmqScripts } from './brokers.ts';
import { temporaryFolder } from './cleanup.ts';
import { program } from './install.ts';
import { freePorts } from './ports.ts';
import { ServerProcess } from './server-process.ts';
import { untilStarted } from './until.ts';

/** Starts RabbitMQ and waits until it listens. Everybody may log in. */
export async function startRabbitmq(): Promise<RunningMqttBroker> {
  const scripts = rabbitmqScripts();
  const epmdProgram = program('epmd');
  if (!scripts || !epmdProgram) throw new Error('RabbitMQ is not installed here: npm run provision');
  const folder = temporaryFolder('rabbitmq');
  const [port, nodePort, epmdPort] = (await freePorts(3)) as [number, number, number];
  mkdirSync(join(folder, 'mnesia'));
  writeFileSync(join(folder, 'enabled_plugins'), '[rabbitmq_mqtt].\n');
  writeFileSync(join(folder, 'rabbitmq.conf'), config(port));

  const epmd = new ServerProcess({
    name: 'epmd',
    command: epmdProgram,
    args: ['-port', `${epmdPort}`, '-address', '127.0.0.1'],
    logFile: join(folder, 'epmd-output'),
  });
  await epmd.launch();
  await untilStarted('epmd to listen', () => answers(epmdPort));
  return runBroker({
    name: 'RabbitMQ',
    command: join(scripts, 'rabbitmq-server'),
    args: [],
    env: environment(folder, nodePort, epmdPort),
    folder,
    port,
    readyLine: 'Server startup complete',
    alsoStop: () => epmd.kill(),
  });
}

const environment = (folder: string, nodePort: number, epmdPort: number): NodeJS.ProcessEnv => ({
  // The cookie that its tools show each other is a file in HOME.
  HOME: folder,
  ERL_EPMD_PORT: `${epmdPort}`,
  ERL_EPMD_ADDRESS: '127.0.0.1',
  RABBITMQ_NODENAME: `mkb-${nodePort}@localhost`,
  RABBITMQ_DIST_PORT: `${nodePort}`,
  RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
  RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
  RABBITMQ_CONF_ENV_FILE: '/dev/null',
  RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
  RABBITMQ_PID_FILE: join(folder, 'pid'),
  RABBITMQ_LOGS: '-',
  // The script becomes the server instead of waiting for it: a signal goes to the server.
  RABBITMQ_ALLOW_INPUT: '1',
  RABBITMQ_SERVER_START_ARGS: '-noshell -noinput',
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
});

const config = (port: number) => `listeners.tcp = none
mqtt.listeners.tcp.1 = 127.0.0.1:${port}
mqtt.allow_anonymous = true
mqtt.subscription_ttl = 86400000
`;
