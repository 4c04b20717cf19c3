/**
 * A real mochi-mqtt (a broker in Go) for tests, on a free port, in a tenth of a second.
 *
 * It speaks MQTT 3.1.1 and 5, with QoS 2 and shared subscriptions, and keeps everything in memory: nothing outlives its process. What it
 * sends again after a reconnect comes in any order.
 */
import { type RunningMqttBroker, runBroker } from './broker-process.ts';
import { mochiProgram } from './brokers.ts';
import { temporaryFolder } from './cleanup.ts';
import { freePort } from './ports.ts';

/** Starts mochi-mqtt and waits until it listens. */
export async function startMochi(): Promise<RunningMqttBroker> {
  const port = await freePort();
  const listeners = { tcp: `127.0.0.1:${port}`, ws: '127.0.0.1:0', info: '127.0.0.1:0' };
  return runBroker({
    name: 'mochi-mqtt',
    command: mochiProgram(),
    args: Object.entries(listeners).flatMap(([name, address]) => [`-${name}`, address]),
    folder: temporaryFolder('mochi'),
    port,
  });
}
