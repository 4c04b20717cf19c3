import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeSecrets } from '../../demo/compose/secrets.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';

const now = new Date('2026-11-22T12:00:00Z');
const later = (days: number) => new Date(now.getTime() + days * 86_400_000);

let folder: string;
beforeEach(() => {
  folder = temporaryFolder('secrets');
});
afterEach(() => removeFolder(folder));

const read = (name: string) => readFileSync(join(folder, name), 'utf8');

describe('the secrets of the demo', () => {
  it('are other ones in each installation', () => {
    makeSecrets(folder, { tls: false, now });
    const second = temporaryFolder('secrets');
    makeSecrets(second, { tls: false, now });
    const names = readdirSync(folder);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(readFileSync(join(second, name), 'utf8')).not.toBe(read(name));
    removeFolder(second);
  });

  it('stay the same when the demo is started again', () => {
    makeSecrets(folder, { tls: true, now });
    const before = [read('emqx-dashboard-password'), read('emqx-api-keys'), read('tls/server.key')];
    makeSecrets(folder, { tls: true, now: later(1) });
    expect([read('emqx-dashboard-password'), read('emqx-api-keys'), read('tls/server.key')]).toEqual(before);
  });

  it('give the exporter the secret that EMQX knows', () => {
    makeSecrets(folder, { tls: false, now });
    expect(read('emqx-api-keys')).toBe(`exporter:${read('emqx-api-secret')}\n`);
  });

  it('can be read by their user and group only', () => {
    makeSecrets(folder, { tls: true, now });
    for (const name of ['emqx-api-secret', 'tls/server.key', 'tls/server.pem']) {
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o440);
    }
  });

  it('have no certificates without TLS', () => {
    makeSecrets(folder, { tls: false, now });
    expect(readdirSync(folder)).not.toContain('tls');
  });

  it('have new certificates when the old ones end within a month', () => {
    makeSecrets(folder, { tls: true, now });
    const before = read('tls/server.crt');
    makeSecrets(folder, { tls: true, now: later(300) });
    expect(read('tls/server.crt')).toBe(before);
    makeSecrets(folder, { tls: true, now: later(340) });
    expect(read('tls/server.crt')).not.toBe(before);
  });
});
