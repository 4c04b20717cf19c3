/**
 * From the text of the command line to a fleet's options: every value is checked, and what is wrong is told with what was found and
 * what is allowed.
 */
import { readFileSync } from 'node:fs';
import { MkbError } from '../api/errors.ts';
import { durationMs } from '../api/units.ts';
import type { TlsSettings } from '../demo/vehicles/connection.ts';
import { parseFaults } from '../demo/vehicles/faults.ts';
import type { FleetOptions } from '../demo/vehicles/options.ts';
import { profiles } from '../demo/vehicles/payload.ts';
import { type Address, parseAddress } from './address.ts';

/** The options as commander hands them over. */
export interface SimulateArguments {
  readonly url: string;
  readonly vehicles: string;
  readonly interval: string;
  readonly seed: string;
  readonly topic: string;
  readonly qos: string;
  readonly mqttVersion: string;
  readonly profile: string;
  readonly connectTimeout: string;
  readonly connectRate: string;
  readonly fault: readonly string[];
  readonly clientId?: string;
  readonly username?: string;
  readonly password?: string;
  readonly passwordEnv?: string;
  readonly passwordFile?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly insecure?: boolean;
  readonly limit?: string;
  readonly duration?: string;
  readonly begin?: string;
  readonly metrics?: string;
}

/** Checks all options. Throws `option-invalid`, or `secret-unreadable` for a password that cannot be had. */
export const fleetOptions = (given: SimulateArguments, env: NodeJS.ProcessEnv): FleetOptions => {
  const password = passwordOf(given, env);
  const { clientId, username } = given;
  return {
    url: brokerUrl(given.url),
    vehicles: whole('--vehicles', given.vehicles, 1, 100_000),
    intervalMs: duration('--interval', given.interval),
    seed: given.seed,
    topic: given.topic,
    qos: Number(oneOf('--qos', given.qos, ['0', '1', '2'])) as 0 | 1 | 2,
    mqttVersion: oneOf('--mqtt-version', given.mqttVersion, ['auto', '5', '3.1.1']),
    profile: oneOf('--profile', given.profile, profiles),
    connectTimeoutMs: duration('--connect-timeout', given.connectTimeout),
    connectsPerSecond: whole('--connect-rate', given.connectRate, 1, 100_000),
    faults: parseFaults(given.fault),
    tls: tlsOf(given),
    ...(clientId !== undefined && { clientId: clientIdPrefix(clientId) }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(given.limit !== undefined && { limit: whole('--limit', given.limit, 1, Number.MAX_SAFE_INTEGER) }),
    ...(given.duration !== undefined && { durationMs: duration('--duration', given.duration) }),
    ...(given.begin !== undefined && { beginMs: instant('--begin', given.begin) }),
  };
};

/** Where to serve metrics, if at all. Throws `option-invalid`. */
export const metricsAddress = ({ metrics }: SimulateArguments): Address | undefined => {
  if (metrics === undefined) return undefined;
  const address = parseAddress(metrics);
  if (address === undefined) throw invalid('--metrics', metrics, 'HOST:PORT such as 127.0.0.1:9402');
  return address;
};

const invalid = (option: string, found: string, allowed: string, cause?: unknown): MkbError =>
  new MkbError('option-invalid', { option, found, allowed }, { cause });

const whole = (option: string, found: string, low: number, high: number): number => {
  const value = Number(found);
  if (!/^[0-9]+$/.test(found) || value < low || value > high) {
    throw invalid(option, found, `a whole number from ${low} to ${high}`);
  }
  return value;
};

const oneOf = <const T extends string>(option: string, found: string, allowed: readonly T[]): T => {
  const value = allowed.find(candidate => candidate === found);
  if (value === undefined) throw invalid(option, found, `one of ${allowed.join(', ')}`);
  return value;
};

const longestMs = 24 * 24 * 3_600_000;

const duration = (option: string, found: string): number => {
  const allowed = 'a duration from 1ms to 24d such as 100ms, 1s or 5m';
  let value: number;
  try {
    value = durationMs(found);
  } catch (error) {
    throw invalid(option, found, allowed, error);
  }
  if (value < 1 || value > longestMs) throw invalid(option, found, allowed);
  return value;
};

const instant = (option: string, found: string): number => {
  const value = Date.parse(found);
  if (!/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(found) || Number.isNaN(value)) {
    throw invalid(option, found, 'a time with its zone such as 2026-07-01T08:00:00Z');
  }
  return value;
};

const brokerUrl = (found: string): string => {
  const allowed =
    'a url such as mqtt://HOST:1883, mqtts://HOST:8883, ws://HOST/mqtt or wss://HOST/mqtt, without user and password';
  const parsed = URL.canParse(found) ? new URL(found) : undefined;
  const known = parsed !== undefined && ['mqtt:', 'mqtts:', 'ws:', 'wss:'].includes(parsed.protocol);
  const secret = parsed?.username !== '' || parsed.password !== '';
  // A password in the url is not repeated: errors end up in logs.
  if (known && secret) throw invalid('--url', `${parsed.protocol}//…@${parsed.host}`, allowed);
  if (!known || parsed.hostname === '') throw invalid('--url', found, allowed);
  return found;
};

const clientIdPrefix = (found: string): string => {
  if (!/^[^\s/+#{}]+$/.test(found)) throw invalid('--client-id', found, 'text without spaces and without / + # { }');
  return found;
};

const passwordOf = (given: SimulateArguments, env: NodeJS.ProcessEnv): string | undefined => {
  const { password, passwordEnv, passwordFile } = given;
  const sources = [password, passwordEnv, passwordFile].filter(source => source !== undefined);
  if (sources.length > 1) {
    throw invalid('--password', 'given more than once', 'one of --password-file, --password-env, --password');
  }
  if (passwordFile !== undefined) return readText('--password-file', passwordFile).replace(/\r?\n$/, '');
  if (passwordEnv === undefined) return password;
  const value = env[passwordEnv];
  if (value === undefined) {
    throw new MkbError('secret-unreadable', { source: `environment variable ${passwordEnv}`, reason: 'it is not set' });
  }
  return value;
};

const tlsOf = ({ ca, cert, key, serverName, insecure }: SimulateArguments): TlsSettings => {
  if ((cert === undefined) !== (key === undefined)) {
    const [option, other] = cert === undefined ? ['--key', '--cert'] : ['--cert', '--key'];
    throw invalid(option, (cert ?? key)!, `of use alone: it needs ${other} beside it`);
  }
  return {
    ...(ca !== undefined && { ca: readText('--ca', ca) }),
    ...(cert !== undefined && { cert: readText('--cert', cert) }),
    ...(key !== undefined && { key: readText('--key', key) }),
    ...(serverName !== undefined && { serverName }),
    ...(insecure === true && { insecure }),
  };
};

const readText = (option: string, path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw invalid(option, path, `a file that can be read (${(error as NodeJS.ErrnoException).code})`, error);
  }
};
