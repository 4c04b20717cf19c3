/**
 * A real ActiveMQ Artemis for tests, on a free port, in a temporary folder, in about three seconds.
 *
 * It speaks MQTT 3.1.1 and 5, with QoS 2 and shared subscriptions. Sessions and their queues are a journal, so they outlive SIGKILL.
 * After a restart it may send old messages again after newer ones.
 */
import { join } from 'node:path';
import { type RunningMqttBroker, runBroker } from './broker-process.ts';
import { temporaryFolder } from './cleanup.ts';
import { smallJava } from './kafka-config.ts';
import { freePort } from './ports.ts';
import { artemisClassPath } from './systems.ts';

/** Starts Artemis and waits until it listens. */
export async function startArtemis(): Promise<RunningMqttBroker> {
  const classPath = artemisClassPath();
  if (!classPath) throw new Error('Artemis is not installed here: npm run provision');
  const folder = temporaryFolder('artemis');
  const port = await freePort();
  const main = join(import.meta.dirname, 'Artemis.java');
  return runBroker({
    name: 'Artemis',
    command: 'java',
    args: [...smallJava, '-cp', classPath, main, `${port}`, folder],
    folder,
    port,
  });
}
