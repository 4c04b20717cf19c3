/** Which version of a broker is here. Packages of a distribution bring their own; the others are pinned by this repository. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mochiVersion, rabbitmqScripts } from '../real/brokers.ts';
import { program } from '../real/install.ts';

/** What NAME-pom.xml says. */
export function pomVersion(name: 'hivemq' | 'artemis'): string {
  const pom = readFileSync(join(import.meta.dirname, '..', 'real', `${name}-pom.xml`), 'utf8');
  return new RegExp(`<${name}.version>(.*)<`).exec(pom)![1]!;
}

/** `mosquitto version 2.0.11` is the first line of its help. */
export const mosquittoVersion = (): string =>
  /version (\S+)/.exec(spawnSync(program('mosquitto')!, ['-h'], { encoding: 'utf8' }).stdout)![1]!;

/** Its folder is named after it. */
export const rabbitmqVersion = (): string => /rabbitmq_server-([^/]+)/.exec(rabbitmqScripts()!)?.[1] ?? 'unknown';

export const mochi = (): string => mochiVersion.slice(1);
