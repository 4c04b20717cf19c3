// `mkb resume` never ended where the bridge was written all the time, and failed although the bridge was running again.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { json, startScriptedApi, status } from '../operator/support/scripted-api.ts';
import { mkb } from './mkb-process.ts';

interface Course {
  /** Replicas before the command. */
  readonly replicas: number;
  /** How many patches of the owners are refused. */
  readonly refusals: number;
  /** Whether somebody else writes the bridge meanwhile. */
  readonly written: boolean;
}

/** Resumes a bridge whose number of replicas mkb owns. Gives what was printed, and how often the owners were patched. */
async function resumed({ replicas, refusals, written }: Course) {
  let [version, patches] = [1, 0];
  const api = await startScriptedApi((response, asked) => {
    const isPatch = asked.method === 'PATCH';
    const isOfOwners = isPatch && asked.body.includes('/metadata/managedFields');
    if (isOfOwners && patches++ < refusals) {
      if (written) version++;
      return status(422, { reason: 'Invalid', message: 'the server rejected our request' })(response, asked);
    }
    if (isPatch && !isOfOwners) replicas = 2;
    const managedFields = [{ manager: 'mkb' }, { manager: 'git' }];
    const metadata = { name: 'cars', namespace: 'default', uid: 'u', resourceVersion: `${version}`, managedFields };
    json(200, { metadata, spec: { bridge: { replicas } } })(response, asked);
  });
  const folder = await mkdtemp(path.join(tmpdir(), 'mkb-resume-'));
  try {
    const kubeconfig = path.join(folder, 'config');
    await writeFile(kubeconfig, api.config.exportConfig());
    const args = ['resume', 'cars', '--no-wait', '--replicas', '2'];
    const { code, stdout, stderr } = await mkb(args, { env: { KUBECONFIG: kubeconfig } });
    return { code, stdout, stderr, patches };
  } finally {
    await api.stop();
    await rm(folder, { recursive: true });
  }
}

const started = 'default/cars: is being started with 2 replicas\n';
const warning = /^warning: default\/cars: a server-side apply .* until mkb resume has run again: .*\n$/;

it.each([
  ['is free at once', { replicas: 0, refusals: 0, written: false }, 1, started, /^$/],
  ['is written twice meanwhile', { replicas: 0, refusals: 2, written: true }, 3, started, /^$/],
  ['is written all the time', { replicas: 0, refusals: 99, written: true }, 5, started, warning],
  ['may not be released', { replicas: 0, refusals: 99, written: false }, 1, started, warning],
  [
    'is released by the next resume',
    { replicas: 2, refusals: 0, written: false },
    1,
    'default/cars: is not paused\n',
    /^$/,
  ],
])('a bridge that %s is resumed', async (_, course, patches, stdout, stderr) => {
  expect(await resumed(course)).toEqual({ code: 0, stdout, stderr: expect.stringMatching(stderr), patches });
});
