import type { MkbError } from '../../api/errors.ts';
import type { SessionOptions } from './options.ts';
import { Session } from './session.ts';

const ignore = () => undefined;

/**
 * Ends the session of a client id: whatever waits in it is gone, and so are its subscriptions. Does nothing worse if there is none.
 *
 * It connects once more, for a new session that ends with its connection. A DISCONNECT can be lost on its way, and in MQTT 3.1.1 it ends no
 * session; CONNACK proves in both versions that the old one is discarded [MQTT-3.1.2-4].
 *
 * @param problem called with each failure that is retried
 * @param signal breaks it off: rejected with its reason
 */
export async function endSession(
  options: SessionOptions,
  problem: (error: MkbError) => void,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const session = new Session(
    { ...options, cleanStart: true, sessionExpirySeconds: 0, subscribes: false, unsubscribe: [] },
    {
      message: ignore,
      readEnd: ignore,
      connected: () => resolve(),
      disconnected: problem,
      noticed: problem,
      failed: reject,
    },
  );
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort);
  session.start();
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    await session.close(1000);
  }
}
