/** Bridges as child processes that tests start, kill and start again: ours by its command line, and the naive one. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { ServerProcess } from '../real/server-process.ts';
import { untilStarted } from '../real/until.ts';
import { Metrics } from './metrics.ts';
import type { NaiveBridgeOptions } from './naive-bridge.ts';
import type { NaiveKafkaToMqttOptions } from './naive-kafka-to-mqtt.ts';
import type { Launcher } from './small-disk.ts';

/** A bridge as a child process. Not started when made. */
export abstract class BridgeProcess {
  protected readonly folder: string;
  readonly #server: ServerProcess;
  readonly #name: string;

  protected constructor(
    name: string,
    folder: string,
    args: readonly string[],
    env?: NodeJS.ProcessEnv,
    launcher: Launcher = [],
  ) {
    this.#name = name;
    this.folder = folder;
    const [command, ...rest] = [...launcher, process.execPath, ...args];
    this.#server = new ServerProcess({ name, command: command!, args: rest, logFile: join(folder, 'log'), env });
  }

  /** Whether it is connected to both sides and subscribed. */
  abstract ready(): Promise<boolean>;

  get pid(): number {
    return this.#server.pid;
  }

  get running(): boolean {
    return this.#server.running;
  }

  /** Starts it, and returns when it is ready. Again after `kill` or `stop`. */
  async start(): Promise<void> {
    await this.launch();
    await untilStarted(`${this.#name} to be ready or to end`, async () => !this.running || this.ready()).catch(
      error => {
        throw new Error(`${error.message}\n${this.log()}`, { cause: error });
      },
    );
    if (!this.running) throw new Error(`${this.#name} ended: ${this.#server.ending}\n${this.log()}`);
  }

  /** Starts it, and does not wait. */
  launch(): Promise<void> {
    return this.#server.launch();
  }

  /** Sends a signal, SIGKILL unless told, and waits for the process to end. */
  kill(signal?: NodeJS.Signals): Promise<void> {
    return this.#server.kill(signal);
  }

  /** Ends it as its operator would, by SIGTERM, and gives its exit code, or the signal that had to end it after 30 s. */
  async stop(): Promise<number | string | undefined> {
    await this.#server.stop(30_000);
    return this.#server.ending;
  }

  /** Ends it and removes its files. */
  async remove(): Promise<void> {
    await this.#server.kill();
    removeFolder(this.folder);
  }

  residentBytes(): number {
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(this.pid)])) * 1024;
  }

  /** The end of what it printed. */
  log(lines?: number): string {
    return this.#server.log(lines);
  }
}

const root = join(import.meta.dirname, '..', '..');

/** `mkb run` with a document of its own. */
export class MkbProcess extends BridgeProcess {
  /** Where /metrics, /healthz and /readyz are, e.g. http://127.0.0.1:23456. */
  readonly httpUrl: string;

  /**
   * @param document an MqttKafkaBridge
   * @param port for HTTP, on 127.0.0.1
   * @param ordinal which replica it is
   * @param env set for the process beside what this one has
   * @param launcher what starts it, if it is not started straight
   */
  constructor(document: object, port: number, ordinal = 0, env?: NodeJS.ProcessEnv, launcher?: Launcher) {
    const folder = temporaryFolder('bridge');
    const file = join(folder, 'bridge.yaml');
    // YAML takes JSON as it is.
    writeFileSync(file, JSON.stringify(document, undefined, 2));
    const args = ['run', file, '--http', `127.0.0.1:${port}`, '--ordinal', `${ordinal}`];
    super('mkb run', folder, [join(root, 'cli', 'mkb.ts'), ...args], env, launcher);
    this.httpUrl = `http://127.0.0.1:${port}`;
  }

  async ready(): Promise<boolean> {
    return (await fetch(`${this.httpUrl}/readyz`)).status === 200;
  }

  /** Gives it another document, which it must take. Returns what it says. */
  async reload(document: object): Promise<string> {
    writeFileSync(join(this.folder, 'bridge.yaml'), JSON.stringify(document, undefined, 2));
    const answer = await fetch(`${this.httpUrl}/-/reload`, { method: 'POST' });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`It did not take the document: ${text}`);
    return text;
  }

  async metrics(): Promise<Metrics> {
    return new Metrics(await (await fetch(`${this.httpUrl}/metrics`)).text());
  }
}

/** The naive bridge of mqtt.js and kafkajs. */
export class NaiveProcess extends BridgeProcess {
  constructor(options: NaiveBridgeOptions) {
    super('naive bridge', temporaryFolder('naive'), [
      join(root, 'test', 'support', 'naive-bridge.ts'),
      JSON.stringify(options),
    ]);
  }

  async ready(): Promise<boolean> {
    // The log is kept over restarts, and each begins with another line.
    return this.log(1) === 'ready';
  }
}

/** The naive bridge from Kafka to MQTT of kafkajs and mqtt.js. */
export class NaiveKafkaToMqtt extends BridgeProcess {
  constructor({ mqttUrl, bootstrap, topic, topicPrefix }: NaiveKafkaToMqttOptions) {
    super('naive bridge from Kafka to MQTT', temporaryFolder('naive'), [
      join(root, 'test', 'support', 'naive-kafka-to-mqtt.ts'),
      JSON.stringify({ mqttUrl, bootstrap, topic, topicPrefix }),
    ]);
  }

  async ready(): Promise<boolean> {
    return this.log(1) === 'ready';
  }
}
