/**
 * Whether an MQTT server lets the bridge in and grants its subscriptions: asked by the bridge's own session.
 *
 * It comes under a client id of its own, with a session that ends with the connection, and subscribes to shared filters in a group of its own: the
 * session of a bridge that runs stays as it is, and none of its messages comes here. What does come is never acknowledged.
 */
import { randomBytes } from 'node:crypto';
import { MkbError } from '../../api/errors.ts';
import type { SessionOptions } from '../mqtt/options.ts';
import { Session } from '../mqtt/session.ts';
import type { ConnectedInfo } from '../mqtt/session-handler.ts';
import { attempt, type Check, found, passed } from './check.ts';

type Subscription = SessionOptions['subscriptions'][number];

export async function* checkMqtt(options: SessionOptions): AsyncGenerator<Check> {
  const visitor = visitorOf(options);
  for (const url of options.urls) yield* checkServer({ ...visitor, urls: [url] }, url);
}

/** The session of one that only looks. */
export function visitorOf(options: SessionOptions): SessionOptions {
  const mark = randomBytes(4).toString('hex');
  return {
    ...options,
    clientId: `${options.clientId}-doctor-${mark}`,
    cleanStart: true,
    sessionExpirySeconds: 0,
    persistent: false,
    retained: 'none',
    unsubscribe: [],
    subscriptions: options.subscriptions.map(each => ({ ...each, filter: inOwnGroup(each.filter, mark) })),
  };
}

const inOwnGroup = (filter: string, mark: string): string =>
  filter.replace(/^\$share\/[^/]+\//, () => `$share/mkb-doctor-${mark}/`);

async function* checkServer(options: SessionOptions, url: string): AsyncGenerator<Check> {
  const login = await attempt(`MQTT ${url}`, async () => {
    const { version } = await visit({ ...options, subscriptions: [] });
    return `lets us in, speaks MQTT ${version}`;
  });
  yield login;
  if (login.state !== 'ok' || options.subscriptions.length === 0) return;
  const together = await grantsOf(options, options.subscriptions);
  if (!MkbError.is(together)) yield* granted(url, together);
  // One that is refused ends the connection: which of them it is, and what becomes of the others, shows each alone.
  else for (const each of options.subscriptions) yield* granted(url, await grantsOf(options, [each]), each.filter);
}

const grantsOf = (
  options: SessionOptions,
  subscriptions: readonly Subscription[],
): Promise<ConnectedInfo['grants'] | MkbError> =>
  visit({ ...options, subscriptions }).then(
    ({ grants }) => grants,
    (error: MkbError) => error,
  );

function* granted(url: string, grants: ConnectedInfo['grants'] | MkbError, asked = ''): Generator<Check> {
  const nameOf = (filter: string) =>
    `MQTT subscription ${filter.replace(/^\$share\/mkb-doctor-[^/]+\//, '$share/.../')}`;
  if (MkbError.is(grants)) return yield found(nameOf(asked), grants);
  for (const { filter, asked: qos, granted: given } of grants as ConnectedInfo['grants']) {
    if (given >= qos) yield passed(nameOf(filter), `granted with QoS ${given} by ${url}`);
    else
      yield found(nameOf(filter), new MkbError('mqtt-grant-lower', { filter, asked: qos, granted: given }), 'warning');
  }
}

/** Connects once, and leaves. Throws why it could not, or why the server refused a subscription. */
async function visit(options: SessionOptions): Promise<ConnectedInfo> {
  const { promise, resolve, reject } = Promise.withResolvers<ConnectedInfo>();
  const ignore = () => undefined;
  const session = new Session(options, {
    message: ignore,
    readEnd: ignore,
    connected: resolve,
    disconnected: reject,
    noticed: ignore,
    failed: reject,
  });
  session.start();
  try {
    return await promise;
  } finally {
    await session.close(1000);
  }
}
