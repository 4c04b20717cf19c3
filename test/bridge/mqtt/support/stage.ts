/** A scripted server and a session, new for each test of a file that calls `useStage`. */
import { afterEach, beforeEach } from 'vitest';
import type { SessionOptions } from '../../../../bridge/mqtt/options.ts';
import { Recording } from './recording.ts';
import { type Peer, ScriptedServer } from './scripted-server.ts';

/** What the present test plays with. Imports see the present values, not those of the time of import. */
export let server: ScriptedServer;
export let recording: Recording;

/** Call it once at the top of the file. */
export function useStage(): void {
  beforeEach(async () => {
    server = await ScriptedServer.start();
  });
  afterEach(async () => {
    recording.session.abandon();
    await server.stop();
  });
}

export function start(options: Partial<SessionOptions> = {}): Recording {
  recording = new Recording({ urls: [server.url], ...options }).start();
  return recording;
}

/** A server and session of MQTT 3.1.1 in the place of those of MQTT 5. */
export async function startOld(options: Partial<SessionOptions> = {}): Promise<Recording> {
  await server.stop();
  server = await ScriptedServer.start(4);
  return start({ version: '3.1.1', ...options });
}

export async function connectOnce(): Promise<Peer> {
  const peer = await server.accept();
  await peer.greet();
  await recording.connectedTimes(1);
  return peer;
}
