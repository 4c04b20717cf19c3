/** The demo's containers, as a user starts them, at free ports of 127.0.0.1. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { freePorts } from '../real/ports.ts';
import type { Output, RunningEngine, RunOptions } from './engine.ts';

export const composeFolder = join(import.meta.dirname, '../../demo/compose');

/** The variables of demo/compose/.env. */
export const demoVariables = (): Record<string, string> =>
  parseEnv(readFileSync(join(composeFolder, '.env'), 'utf8')) as Record<string, string>;

/** A container, as `docker inspect` tells it. */
export interface Inspected {
  readonly State: { readonly Status: string; readonly Health?: { readonly Status: string } };
  readonly Config: { readonly User: string; readonly Env: readonly string[] };
  readonly HostConfig: { readonly ReadonlyRootfs: boolean; readonly CapDrop: readonly string[] | null };
}

export class Stack {
  readonly #engine: RunningEngine;
  readonly #files: readonly string[];
  readonly #variables: Readonly<Record<string, string>>;

  private constructor(engine: RunningEngine, overrides: readonly string[], variables: Record<string, string>) {
    this.#engine = engine;
    this.#files = ['compose.yaml', ...overrides].flatMap(file => ['-f', resolve(composeFolder, file)]);
    this.#variables = variables;
  }

  /** @param overrides such as compose.tls.yaml, from the same folder */
  static async of(engine: RunningEngine, overrides: readonly string[] = []): Promise<Stack> {
    const names = Object.keys(demoVariables()).filter(name => name.endsWith('_PORT'));
    const ports = await freePorts(names.length);
    const variables = Object.fromEntries(names.map((name, index) => [name, String(ports[index])]));
    return new Stack(engine, overrides, { ...variables, DOCKER_SOCKET: engine.socket, CHAOS_EVERY_SECONDS: '1' });
  }

  /** The host's port of a variable such as MQTT_PORT. */
  port(name: string): number {
    return Number(this.#variables[name]);
  }

  /** `docker compose ARGS...` */
  compose(args: readonly string[], options: RunOptions = {}): Promise<Output> {
    const env = { ...this.#variables, ...options.env };
    return this.#engine.docker(['compose', ...this.#files, ...args], { cwd: composeFolder, ...options, env });
  }

  docker(...args: string[]): Promise<Output> {
    return this.#engine.docker(args);
  }

  async inspect(container: string): Promise<Inspected> {
    return JSON.parse((await this.docker('inspect', container)).stdout)[0];
  }

  async health(container: string): Promise<string> {
    const { State } = await this.inspect(container);
    return State.Health?.Status ?? State.Status;
  }

  /** Everything it has written, stdout before stderr. */
  async log(container: string): Promise<string> {
    const { stdout, stderr } = await this.docker('logs', container);
    return stdout + stderr;
  }
}
