/**
 * What runs first in the demo's containers, once: makes the secrets that are not there yet, so that none has to be committed.
 *
 *     node secrets.js FOLDER [--tls]
 *
 * Passwords are made at the first start and kept. With --tls there is also FOLDER/tls: an authority and one certificate for every server,
 * made again when they end within a month. Only the user and group that it runs as can read them; other containers join that group.
 */
import { randomBytes, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeAuthority, makeServer } from './certificate.ts';

/** Every name under which a server of the demo is known: to the other containers, and to the host. */
const serverNames = ['localhost', 'mqtt', 'emqx', 'mosquitto', 'kafka'];

const month = 30 * 86_400_000;

const password = () => randomBytes(18).toString('base64url');

/** Writes what is missing. */
export function makeSecrets(folder: string, { tls, now }: { readonly tls: boolean; readonly now: Date }): void {
  mkdirSync(folder, { recursive: true });
  once(join(folder, 'emqx-dashboard-password'), password);
  once(join(folder, 'emqx-node-cookie'), password);
  const secret = once(join(folder, 'emqx-api-secret'), password);
  // What EMQX reads at its start: key and secret. Roles, a third word, are for its Enterprise edition; the other refuses the line.
  once(join(folder, 'emqx-api-keys'), () => `exporter:${secret}\n`);
  if (tls) makeCertificates(join(folder, 'tls'), now);
}

function makeCertificates(folder: string, now: Date): void {
  mkdirSync(folder, { recursive: true });
  const at = (name: string) => join(folder, name);
  if (lasts(at('server.crt'), now)) return;
  // A minute ago: clocks of containers and host may differ a little.
  const from = new Date(now.getTime() - 60_000);
  const authority = makeAuthority('mqtt-kafka-kit demo', { from, days: 365 });
  const { certificate, key } = makeServer(authority, serverNames, { from, days: 365 });
  writeSecret(at('ca.crt'), authority.certificate);
  writeSecret(at('server.key'), key);
  // Kafka wants both in one file.
  writeSecret(at('server.pem'), key + certificate);
  writeSecret(at('client.properties'), clientProperties(at('ca.crt')));
  // Last, because it is what says that all are there.
  writeSecret(at('server.crt'), certificate);
}

/** The configuration of Kafka's own command-line programs. */
const clientProperties = (ca: string) =>
  `security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.location=${ca}\n`;

function lasts(certificate: string, now: Date): boolean {
  if (!existsSync(certificate)) return false;
  return Date.parse(new X509Certificate(readFileSync(certificate)).validTo) > now.getTime() + month;
}

function once(file: string, make: () => string): string {
  if (!existsSync(file)) writeSecret(file, make());
  return readFileSync(file, 'utf8');
}

function writeSecret(file: string, text: string): void {
  // Not written over: nobody may write to it, not even its owner.
  rmSync(file, { force: true });
  writeFileSync(file, text, { mode: 0o440 });
}

if (import.meta.main) {
  const [folder, ...options] = process.argv.slice(2);
  if (folder === undefined || options.some(option => option !== '--tls')) {
    process.stderr.write('usage: secrets.js FOLDER [--tls]\n');
    process.exitCode = 2;
  } else {
    makeSecrets(folder, { tls: options.includes('--tls'), now: new Date() });
    process.stdout.write(`The demo's secrets are in ${folder}.\n`);
  }
}
