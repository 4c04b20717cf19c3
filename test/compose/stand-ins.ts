/**
 * Images for a machine that reaches no registry of images: the real programs of this machine (Kafka, Mosquitto, Prometheus, Node) under
 * the names and in the places of the images that demo/compose/.env names, and imitations of the two that cannot be had (stand-ins/emqx,
 * stand-ins/grafana) and of one client (stand-ins/mqttx). What an image must be told, and what it is asked for, is the same.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../real/install.ts';
import { kafkaClassPath } from '../real/systems.ts';
import type { RunningEngine } from './engine.ts';

const folder = join(import.meta.dirname, 'stand-ins');
const base = 'stand-in-base';

/** Which folder of stand-ins/ becomes the image of which variable of demo/compose/.env. */
const images = {
  EMQX_IMAGE: 'emqx',
  MOSQUITTO_IMAGE: 'mosquitto',
  KAFKA_IMAGE: 'kafka',
  MQTTX_IMAGE: 'mqttx',
  PROMETHEUS_IMAGE: 'prometheus',
  GRAFANA_IMAGE: 'grafana',
} as const;

/**
 * Makes all of them, or what has changed since the last time.
 *
 * @param names the variables of demo/compose/.env
 */
export async function buildStandIns(engine: RunningEngine, names: Readonly<Record<string, string>>): Promise<void> {
  await buildBase(engine);
  await engine.docker(['tag', base, names.NODE_IMAGE!]);
  for (const [variable, name] of Object.entries(images)) {
    const args = ['build', '--quiet', '--network', 'none', '--tag', names[variable]!, join(folder, name)];
    // The old builder needs no plugin, and these need nothing that it lacks.
    await engine.docker(args, { env: { DOCKER_BUILDKIT: '0' } });
  }
}

async function buildBase(engine: RunningEngine): Promise<void> {
  const label = createHash('sha256')
    .update(readFileSync(join(folder, 'base.sh')))
    .update(process.version)
    .digest('hex');
  const { stdout } = await engine.docker(['images', '--quiet', '--filter', `label=made-of=${label}`, base]);
  if (stdout.trim() !== '') return;
  const kafka = kafkaClassPath()!.replace(/\/\*$/, '');
  execFileSync(join(folder, 'base.sh'), [base, process.execPath, kafka, busybox(), label], {
    env: { ...process.env, DOCKER_HOST: `unix://${engine.socket}` },
    stdio: 'pipe',
  });
}

/** Debian's busybox, unpacked and not installed: it would take the place of the machine's own, if there is one. */
function busybox(): string {
  const place = join(cacheFolder(), 'docker', 'busybox');
  const program = join(place, 'bin', 'busybox');
  if (existsSync(program)) return program;
  mkdirSync(place, { recursive: true });
  execFileSync('apt-get', ['-qq', 'download', 'busybox'], { cwd: place, stdio: 'pipe' });
  const archive = readdirSync(place).find(name => name.endsWith('.deb'))!;
  execFileSync('dpkg', ['-x', archive, '.'], { cwd: place, stdio: 'pipe' });
  return program;
}

/** An override of the demo's compose.yaml for builds. */
export const hostNetwork = join(folder, 'compose.host-network.yaml');
