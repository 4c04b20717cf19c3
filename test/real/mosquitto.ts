/**
 * A real Mosquitto for tests, on free ports, in a temporary folder, in a tenth of a second.
 *
 * It queues without limit: Mosquitto's own default drops QoS 1 messages for a slow subscriber after 1,000, and a test of loss would
 * blame the bridge. With `persistence`, sessions and their queues outlive `restart` (SIGTERM saves them); SIGKILL loses what
 * came after the last autosave, which is 30 minutes apart unless `config` says otherwise.
 *
 * Mosquitto 2.0.11 breaks the Receive Maximum [MQTT-3.3.4-9] as soon as it has a queue: with 1,000 announced and 4,000 queued it sends
 * 1,000, and after a single PUBACK the next 999, and so on (its issue 2301). So does any max_inflight_messages for MQTT 3.1.1.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { answers } from './broker-process.ts';
import { type Certificates, makeCertificates } from './certificates.ts';
import { removeFolder, temporaryFolder } from './cleanup.ts';
import { program } from './install.ts';
import { freePorts } from './ports.ts';
import { ServerProcess } from './server-process.ts';
import { untilStarted } from './until.ts';

export interface MosquittoOptions {
  /** Keeps sessions over a restart. */
  readonly persistence?: boolean;
  /** Opens a TLS listener, and one that requires a client certificate. */
  readonly tls?: boolean;
  /** Opens a WebSocket listener, and one over TLS too when `tls` is set. */
  readonly websockets?: boolean;
  /** Passwords by user name. Anonymous clients are refused when given. */
  readonly users?: Readonly<Record<string, string>>;
  /** Messages under way to one client; 0 for no limit. A client's own Receive Maximum narrows it further. Default 1,000. */
  readonly maxInflight?: number;
  /** Further lines of mosquitto.conf, as name and value. */
  readonly config?: Readonly<Record<string, string>>;
}

/** A running Mosquitto. A url is '' when it was not asked for. */
export interface RunningMosquitto {
  readonly port: number;
  readonly url: string;
  readonly urlTls: string;
  /** TLS that requires a client certificate. */
  readonly urlMtls: string;
  readonly urlWs: string;
  readonly urlWss: string;
  readonly certificates: Certificates | undefined;
  readonly pid: number;
  readonly running: boolean;
  /** Sends a signal, SIGKILL unless told, and waits for the process to end. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again after `kill`, with the same ports and data. */
  start(): Promise<void>;
  /** SIGTERM, which saves sessions, and start. */
  restart(): Promise<void>;
  /** SIGSTOP: its connections stay open and it answers nothing. */
  pause(): void;
  resume(): void;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
  /** The end of its log. */
  log(): string;
}

/** Starts Mosquitto and waits until it listens. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<RunningMosquitto> {
  const folder = temporaryFolder('mosquitto');
  mkdirSync(join(folder, 'data'));
  const certificates = options.tls ? makeCertificates(folder) : undefined;
  const [tcp, tls, mtls, ws, wss] = (await freePorts(5)) as [number, number, number, number, number];
  if (options.users) writePasswords(join(folder, 'passwords'), options.users);

  const config = join(folder, 'mosquitto.conf');
  const listeners = [
    listener(tcp, []),
    ...(certificates ? [listener(tls, secure(certificates))] : []),
    ...(certificates ? [listener(mtls, [...secure(certificates), 'require_certificate true'])] : []),
    ...(options.websockets ? [listener(ws, ['protocol websockets'])] : []),
    ...(options.websockets && certificates ? [listener(wss, ['protocol websockets', ...secure(certificates)])] : []),
  ];
  writeFileSync(config, [...globalSettings(folder, options), ...listeners.flat(), ''].join('\n'));

  const command = program('mosquitto');
  if (!command) throw new Error('Mosquitto is not installed here: npm run provision');
  const logFile = join(folder, 'log');
  const process = new ServerProcess({ name: 'Mosquitto', command, args: ['-c', config], logFile });
  const start = async () => {
    await process.launch();
    await untilStarted('Mosquitto to listen', () => process.pid > 0 && answers(tcp)).catch(error => {
      throw new Error(`${error.message}\n${process.log()}`, { cause: error });
    });
  };
  await start();
  const url = (scheme: string, port: number, asked: unknown) => (asked ? `${scheme}://127.0.0.1:${port}` : '');
  return {
    port: tcp,
    url: url('mqtt', tcp, true),
    urlTls: url('mqtts', tls, options.tls),
    urlMtls: url('mqtts', mtls, options.tls),
    urlWs: url('ws', ws, options.websockets),
    urlWss: url('wss', wss, options.websockets && options.tls),
    certificates,
    get pid() {
      return process.pid;
    },
    get running() {
      return process.running;
    },
    kill: signal => process.kill(signal),
    start,
    restart: async () => {
      await process.stop();
      await start();
    },
    pause: () => process.pause(),
    resume: () => process.resume(),
    stop: async () => {
      await process.kill();
      removeFolder(folder);
    },
    log: () => process.log(),
  };
}

const listener = (port: number, settings: readonly string[]) => [`listener ${port} 127.0.0.1`, ...settings];

const secure = ({ caFile, serverCertFile, serverKeyFile }: Certificates) => [
  `cafile ${caFile}`,
  `certfile ${serverCertFile}`,
  `keyfile ${serverKeyFile}`,
];

function globalSettings(folder: string, options: MosquittoOptions): string[] {
  const settings = {
    // Started by root, it would become the user mosquitto, who may not write here.
    user: userInfo().username,
    allow_anonymous: options.users === undefined,
    ...(options.users ? { password_file: join(folder, 'passwords') } : {}),
    persistence: options.persistence === true,
    persistence_location: `${join(folder, 'data')}/`,
    max_queued_messages: 0,
    max_inflight_messages: options.maxInflight ?? 1000,
    set_tcp_nodelay: true,
    log_dest: 'stderr',
    ...options.config,
  };
  return Object.entries(settings).map(([name, value]) => `${name} ${value}`);
}

function writePasswords(file: string, users: Readonly<Record<string, string>>): void {
  writeFileSync(file, '', { mode: 0o600 });
  for (const [user, password] of Object.entries(users)) execFileSync('mosquitto_passwd', ['-b', file, user, password]);
}
