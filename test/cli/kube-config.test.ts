/** Where there is no cluster to talk to; `mkb status` is the first to notice. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { freePorts } from '../real/ports.ts';
import { mkb } from './mkb-process.ts';

const folder = temporaryFolder('kube-config');
afterAll(() => removeFolder(folder));
const away = { KUBECONFIG: '', HOME: folder };

it('says that there is no kubeconfig, and asks nobody at localhost:8080', async () => {
  const { code, stdout, stderr } = await mkb(['status'], { env: away });
  expect([code, stdout]).toEqual([78, '']);
  expect(stderr).toMatch(/there is none at \$KUBECONFIG or ~\/\.kube\/config.*\[kube-config\]\n {2}remedy: /);
});

it('says which file it cannot read', async () => {
  const { code, stderr } = await mkb(['status', '--kubeconfig', join(folder, 'none')]);
  expect(code).toBe(78);
  expect(stderr).toContain(`from ${join(folder, 'none')}: ENOENT`);
});

it('says which context the kubeconfig does not have, and which server does not answer', async () => {
  const [port] = await freePorts(1);
  const file = join(folder, 'config');
  const cluster = { name: 'c', cluster: { server: `https://127.0.0.1:${port}` } };
  const context = { name: 'here', context: { cluster: 'c', user: 'u' } };
  const config = { clusters: [cluster], users: [{ name: 'u', user: {} }], contexts: [context] };
  writeFileSync(file, stringify({ ...config, 'current-context': 'here' }));
  const other = await mkb(['status', '--context', 'there'], { env: { KUBECONFIG: file } });
  expect([other.code, other.stderr]).toEqual([78, expect.stringContaining('it has no context there')]);
  const here = await mkb(['status'], { env: { KUBECONFIG: file } });
  expect(here.code).toBe(69);
  expect(here.stderr).toMatch(/127\.0\.0\.1:[0-9]+ cannot be reached: .*ECONNREFUSED.*\[bridges-unreadable\]/);
});
