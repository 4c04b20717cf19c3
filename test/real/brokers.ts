/** Brokers beside Mosquitto and HiveMQ that the bridge is tried with: where their programs are, and how to get them. */
import { globSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { aptInstall, buildGo, cacheFolder, InstallError, isExecutable, program, run } from './install.ts';

const rabbitmqFolder = (): string => join(cacheFolder(), 'rabbitmq');

/** Where its scripts are: Debian's package as it was unpacked here, or what an administrator installed elsewhere. */
export function rabbitmqScripts(): string | undefined {
  const places = [rabbitmqFolder(), '/', '/opt/homebrew/opt/rabbitmq', '/opt/rabbitmq'];
  const patterns = ['usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin', 'sbin'];
  const found = places.flatMap(place => patterns.flatMap(pattern => globSync(join(place, pattern))));
  return found.find(
    folder => isExecutable(join(folder, 'rabbitmq-server')) && isExecutable(join(folder, 'rabbitmq-plugins')),
  );
}

export const rabbitmqHow =
  'install it: apt-get install rabbitmq-server (Debian, Ubuntu) or brew install rabbitmq (macOS)';

/** What RabbitMQ needs of Erlang, without its windows, compilers and documentation. */
const erlang = ['base', 'crypto', 'eldap', 'inets', 'mnesia', 'os-mon', 'parsetools', 'public-key', 'runtime-tools'];
const moreErlang = ['ssl', 'syntax-tools', 'tools', 'xmerl'];

/**
 * Erlang as packages, and RabbitMQ's package unpacked into the cache: installed, it would start a server, add a user, and start again
 * with the machine.
 */
export function installRabbitmq(): void {
  if (!program('erl') || !program('epmd')) {
    aptInstall(
      [...erlang, ...moreErlang].map(name => `erlang-${name}`),
      rabbitmqHow,
    );
  }
  if (!program('apt-get'))
    throw new InstallError('rabbitmq missing, and only Debian and Ubuntu can be helped', rabbitmqHow);
  const fresh = `${rabbitmqFolder()}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  try {
    run('apt-get', ['-qq', 'update'], { env: process.env, how: rabbitmqHow });
    run('apt-get', ['-qq', 'download', 'rabbitmq-server'], { env: process.env, how: rabbitmqHow, cwd: fresh });
    const [archive] = globSync(join(fresh, '*.deb'));
    run('dpkg', ['-x', archive!, fresh], { env: process.env, how: rabbitmqHow });
    rmSync(archive!);
    rmSync(rabbitmqFolder(), { recursive: true, force: true });
    renameSync(fresh, rabbitmqFolder());
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** The one version of mochi-mqtt, a broker in Go, that is built here. */
export const mochiVersion = 'v2.7.9';

export const mochiProgram = (): string => join(cacheFolder(), `mochi-mqtt-${mochiVersion}`, 'mochi');

export const mochiHow = 'install Go, and see that it reaches a module proxy (GOPROXY)';

export function installMochi(): void {
  const module = 'github.com/mochi-mqtt/server/v2';
  buildGo({ module, version: mochiVersion, main: 'cmd', into: mochiProgram(), how: mochiHow });
}
