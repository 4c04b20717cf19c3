/**
 * Ports: one that was asked for must be had, a usual one moves on to the next that is free.
 *
 * A port counts as taken when somebody answers on it, and not only when listening fails: on macOS a server on 127.0.0.1 can share its
 * port with another one on all addresses, and a server on ::1 is where `localhost` leads first. Clients would meet the wrong one.
 */
import { connect } from 'node:net';
import { MkbError } from '../api/errors.ts';

/** Which port something should listen on. */
export interface PortWish {
  /** The option that sets it, such as --mqtt-port. */
  readonly option: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Whether a person asked for this very port. */
  readonly asked: boolean;
}

/** Listens on the port it is given, 0 for any free one. */
type Start<T> = (port: number) => Promise<T>;

/** Ports after the usual one that are tried before any free one is taken. */
const steps = 20;
const highestPort = 65_535;

/**
 * Starts something on the port of a wish, or near it.
 *
 * @param reserved ports that are meant for something else
 * @throws `demo-port-unusable` when a port that was asked for cannot be had
 */
export const startOnPort = async <T>(wish: PortWish, reserved: ReadonlySet<number>, start: Start<T>): Promise<T> => {
  const { port, asked } = wish;
  if (asked) return startAsAsked(wish, start);
  if (port === 0) return start(0);
  for (let candidate = port; candidate < Math.min(port + steps, highestPort); candidate++) {
    if (reserved.has(candidate) || (await answers(candidate))) continue;
    try {
      return await start(candidate);
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
    }
  }
  return start(0);
};

const startAsAsked = async <T>({ option, port }: PortWish, start: Start<T>): Promise<T> => {
  const unusable = (reason: string, cause?: unknown): MkbError =>
    new MkbError('demo-port-unusable', { option, port, reason }, { cause });
  const taken = 'another program uses it';
  if (await answers(port)) throw unusable(taken);
  try {
    return await start(port);
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw unusable(code === 'EADDRINUSE' ? taken : code, error);
  }
};

/** The system's error code below an error of ours, if the system had something against the port. */
const systemCode = (error: unknown): string | undefined => {
  const cause = MkbError.is(error) ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  return cause?.code;
};

/** Whether somebody listens on this port of this machine. */
const answers = async (port: number): Promise<boolean> => {
  if (port === 0) return false;
  const found = await Promise.all(['127.0.0.1', '::1'].map(host => connects(host, port)));
  return found.includes(true);
};

const connects = (host: string, port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect({ host, port });
    const tell = (answered: boolean) => () => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', tell(true)).once('error', tell(false)).setTimeout(500, tell(false));
  });
