import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { podAccess } from '../../../operator/runtime/pod-access.ts';

const folder = mkdtempSync(join(tmpdir(), 'mkb-pod-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ['10.0.0.1', '443', 'https://10.0.0.1:443'],
  ['kubernetes.default.svc', '6443', 'https://kubernetes.default.svc:6443'],
  ['fd00::1', '443', 'https://[fd00::1]:443'],
])('the API server of a Pod with %s and %s is %s', (host, port, server) => {
  const env = { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port };
  expect(podAccess(env)?.getCurrentCluster()).toEqual({ server });
});

test.each([
  {},
  { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
  { KUBERNETES_SERVICE_HOST: '', KUBERNETES_SERVICE_PORT: '' },
])('%j is no Pod', env => {
  expect(podAccess(env)).toBeUndefined();
});

// The token of a service account lasts an hour; kubelet writes another one in its place.
test('a token is the one that there is now', async () => {
  const access = podAccess({ KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' }, folder)!;
  writeFileSync(join(folder, 'ca.crt'), 'pem');
  for (const token of ['first', 'second']) {
    writeFileSync(join(folder, 'token'), `${token}\n`);
    const options: RequestOptions = { headers: { accept: 'x' } };
    await access.applyToHTTPSOptions(options);
    expect([options.headers, String(options.ca)]).toEqual([{ accept: 'x', Authorization: `Bearer ${token}` }, 'pem']);
  }
});

test('that its files are missing is an error', async () => {
  const access = podAccess({ KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' }, '/nowhere')!;
  await expect(access.applyToHTTPSOptions({})).rejects.toThrow(/ENOENT/);
});
