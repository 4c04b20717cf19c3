/**
 * Images of containers, without a registry: out of files of this machine, or out of a Docker engine of the tests.
 *
 * An archive is what `docker save` writes: layers and a configuration as tar and JSON, each known by its SHA-256.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningEngine } from '../../compose/engine.ts';
import { pauseImage } from './configuration.ts';
import { pauseProgram } from './programs.ts';

/** A node, as far as images go. */
export interface ImageStore {
  readonly folder: string;
  /** Runs `ctr ARGS...` with the namespace of Kubernetes. */
  ctr(args: readonly string[]): Promise<string>;
}

export interface ImagePlan {
  /** What Pods call it: `NAME:TAG`. */
  readonly name: string;
  /** A folder, which becomes the root. */
  readonly root: string;
  readonly entrypoint: readonly string[];
  /** The numbers of a user and a group. Default root. */
  readonly user?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Gives an image of one layer to a node, as a Pod with `imagePullPolicy: IfNotPresent` finds it. */
export async function makeImage(node: ImageStore, plan: ImagePlan): Promise<void> {
  const folder = mkdtempSync(join(node.folder, 'image-'));
  try {
    await importImage(node, archive(folder, plan));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Gives the images of an archive to a node, with the names that the archive has for them.
 *
 * @param file what `docker save` or `makeImage` writes
 * @param names further ones for the first image, such as that which a manifest has: `docker.io/library/eclipse-mosquitto:2.0`
 */
export async function importImage(node: ImageStore, file: string, names: readonly string[] = []): Promise<void> {
  const answer = await node.ctr(['images', 'import', '--digests=false', file]);
  const first = /^unpacking (\S+)/m.exec(answer)?.[1];
  for (const name of names) await node.ctr(['images', 'tag', '--force', first!, name]);
}

/** Gives images of a Docker engine to a node, under their names. All at once is quicker than each: what they share is copied once. */
export async function importFromEngine(
  engine: RunningEngine,
  node: ImageStore,
  ...images: readonly string[]
): Promise<void> {
  const folder = mkdtempSync(join(node.folder, 'image-'));
  try {
    const file = join(folder, 'image.tar');
    await engine.docker(['save', '--output', file, ...images]);
    await importImage(node, file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What Pods begin with. */
export async function importPause(node: ImageStore): Promise<void> {
  const root = mkdtempSync(join(node.folder, 'pause-'));
  copyFileSync(pauseProgram(), join(root, 'pause'));
  await makeImage(node, { name: pauseImage, root, entrypoint: ['/pause'], user: '65534:65534' });
}

/** An image of Node with its shared libraries. It has no shell. */
export async function importNodeImage(node: ImageStore): Promise<void> {
  const root = mkdtempSync(join(node.folder, 'root-'));
  makeNodeRoot(root);
  await makeImage(node, { name: nodeImage, root, entrypoint: ['/usr/local/bin/node'], user: '1000:1000' });
  rmSync(root, { recursive: true });
}

/** Fills a folder as the root of the project's own image is filled. */
export function makeNodeRoot(folder: string): void {
  execFileSync(process.execPath, [join(import.meta.dirname, '../../../deploy/images/runtime.mjs'), folder]);
}

/** The name of what `importNodeImage` imports. */
export const nodeImage = 'docker.io/mkb/node:test';

function archive(folder: string, { name, root, entrypoint, user = '0:0', env = {} }: ImagePlan): string {
  const layer = join(folder, 'layer.tar');
  tar(layer, root);
  const config = JSON.stringify({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: {
      User: user,
      Entrypoint: entrypoint,
      Env: ['PATH=/usr/local/bin:/usr/bin:/bin', ...Object.entries(env).map(pair => pair.join('='))],
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(readFileSync(layer))}`] },
  });
  writeFileSync(join(folder, 'config.json'), config);
  writeFileSync(
    join(folder, 'manifest.json'),
    JSON.stringify([{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }]),
  );
  const file = join(folder, 'image.tar');
  tar(file, folder, ['manifest.json', 'config.json', 'layer.tar']);
  return file;
}

/** @param names what goes into it; all of the folder when left out */
const tar = (file: string, folder: string, names: readonly string[] = ['.']) =>
  execFileSync('tar', ['--create', '--numeric-owner', '--file', file, '--directory', folder, ...names]);

const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');
