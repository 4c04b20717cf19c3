/** Sessions that a replica of a bridge left behind, and their draining by the command line. */
import type { ChildProcess } from 'node:child_process';
import { text } from 'node:stream/consumers';
import mqtt from 'mqtt';
import { startMkb } from '../cli/mkb-process.ts';

/** A session as `mkb run` makes it, for one filter. Nobody is connected to it afterwards. */
export async function leaveSession(
  url: string,
  { clientId, filter, qos = 1, version = '5' }: LeftSession,
): Promise<void> {
  const client = await mqtt.connectAsync(url, {
    clientId,
    clean: false,
    ...(version === '5' ? { protocolVersion: 5, properties: { sessionExpiryInterval: 3600 } } : { protocolVersion: 4 }),
  });
  await client.subscribeAsync(filter, { qos });
  await client.endAsync();
}

export interface LeftSession {
  readonly clientId: string;
  readonly filter: string;
  readonly qos?: 1 | 2;
  readonly version?: '5' | '3.1.1';
}

/** Whether the broker has a session for a client id. Asking ends it. */
export async function sessionPresent(url: string, clientId: string): Promise<boolean> {
  const client = mqtt.connect(url, { clientId, clean: false, protocolVersion: 5 });
  const present = await new Promise<boolean>((resolve, reject) => {
    client.once('connect', connack => resolve(connack.sessionPresent));
    client.once('error', reject);
  });
  await client.endAsync();
  return present;
}

/** How `mkb drain` ended. */
export interface DrainEnding {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `mkb drain` of one replica's session as a child process. It runs when it is made. */
export class DrainProcess {
  readonly ended: Promise<DrainEnding>;
  readonly #child: ChildProcess;

  constructor(document: object, ordinal: number) {
    const child = startMkb(['drain', '-', '--ordinal', `${ordinal}`, '--timeout', '2m', '--log-level', 'warn']);
    child.stdin!.end(JSON.stringify(document));
    const exit = new Promise<number | null>(resolve => child.once('close', resolve));
    this.#child = child;
    this.ended = Promise.all([exit, text(child.stdout!), text(child.stderr!)]).then(([code, stdout, stderr]) => ({
      code,
      stdout,
      stderr,
    }));
  }

  /** kill -9 */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }
}
