// An encrypted key, a CA file without a certificate and a key of another certificate all ended in texts of OpenSSL, after the connection was tried.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MkbError } from '../../api/errors.ts';
import { agentTls, tlsTexts } from '../../network/tls-settings.ts';
import { type Certificates, makeCertificates } from '../real/certificates.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { describeReal } from '../real/require.ts';

const sources = { secretsDir: '/nowhere' };
const read = (texts: Readonly<Record<string, string>>) => {
  const secrets = Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, { value }]));
  return tlsTexts({ ...secrets, insecureSkipVerify: false }, sources, 'spec.mqtt.tls');
};

describeReal('openssl')('TLS settings', () => {
  let own: Certificates;
  let others: Certificates;
  let folder: string;
  let encrypted: Record<'pkcs8' | 'traditional', string>;
  beforeAll(() => {
    folder = temporaryFolder('tls');
    own = makeCertificates(folder);
    const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
    openssl('pkcs8', '-topk8', '-in', own.clientKeyFile, '-out', 'pkcs8.key', '-passout', 'pass:open sesame');
    openssl('ec', '-in', own.clientKeyFile, '-aes256', '-passout', 'pass:open sesame', '-out', 'traditional.key');
    const text = (name: string) => readFileSync(join(folder, name), 'utf8');
    encrypted = { pkcs8: text('pkcs8.key'), traditional: text('traditional.key') };
    const other = temporaryFolder('others');
    others = makeCertificates(other);
    removeFolder(other);
  });
  afterAll(() => removeFolder(folder));

  const pair = () => ({ cert: own.clientCert, key: own.clientKey });
  const wrong: [what: string, texts: () => Record<string, string>, says: string][] = [
    ['a CA file without a certificate', () => ({ ca: 'rubbish' }), 'ca holds no certificate in PEM'],
    ['an empty CA file', () => ({ ca: '\n' }), 'ca holds no certificate in PEM: it is empty'],
    [
      'a key in the place of the CA',
      () => ({ ca: own.clientKey }),
      'ca holds no certificate in PEM, but a PRIVATE KEY',
    ],
    [
      'a CA file whose second certificate is cut off',
      () => ({ ca: `${own.ca}\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n` }),
      'certificate 2 of ca cannot be read',
    ],
    [
      'a certificate in the place of the key',
      () => ({ ...pair(), key: own.clientCert }),
      'key holds no private key in PEM, but a CERTIFICATE',
    ],
    [
      'a key in the place of the certificate',
      () => ({ ...pair(), cert: own.clientKey }),
      'cert holds no certificate in PEM, but a PRIVATE KEY',
    ],
    [
      'a key of another certificate',
      () => ({ ...pair(), key: others.clientKey }),
      'key is not the private key of the first certificate in cert',
    ],
    ['an encrypted key', () => ({ ...pair(), key: encrypted.pkcs8 }), 'key is encrypted, and passphrase is missing'],
    [
      'an encrypted key as OpenSSL wrote it once',
      () => ({ ...pair(), key: encrypted.traditional }),
      'key is encrypted, and passphrase is missing',
    ],
    [
      'a wrong passphrase',
      () => ({ ...pair(), key: encrypted.pkcs8, passphrase: 'wrong' }),
      'passphrase does not open key',
    ],
    [
      'a key that is damaged',
      () => ({ ...pair(), key: own.clientKey.replace(/\n.{20}/, '\nAAAA') }),
      'key cannot be read',
    ],
  ];

  test.each(wrong)('%s is named before anything is connected', async (_, texts, says) => {
    const error = await read(texts()).catch(reason => reason);
    expect(error).toMatchObject({ code: 'tls-invalid', kind: 'permanent' });
    expect(error.message).toBe(`The TLS settings of spec.mqtt.tls cannot be used: ${says}.`);
    expect(error.message).not.toContain('open sesame');
  });

  test.each(['pkcs8', 'traditional'] as const)('the passphrase opens a key (%s) for connections too', async form => {
    const texts = await read({ ...pair(), ca: own.ca, key: encrypted[form], passphrase: 'open sesame' });
    const [cert, key] = [readFileSync(own.serverCertFile), readFileSync(own.serverKeyFile)];
    const server = createServer({ cert, key, ca: own.ca, requestCert: true });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const shown = new Promise(resolve => server.once('secureConnection', socket => resolve(socket.authorized)));
    const { port } = server.address() as { port: number };
    const socket = connect({ host: '127.0.0.1', port, ...(agentTls(texts) as object) });
    socket.on('error', () => undefined);
    expect(await shown).toBe(true);
    socket.destroy();
    server.close();
  });
});

describe('a secret of TLS', () => {
  test('that is in no file is named with its place', async () => {
    const file = tlsTexts(
      { ca: { valueFrom: { file: '/nowhere/ca.pem' } }, insecureSkipVerify: false },
      sources,
      'spec.kafka.tls',
    );
    const error = await file.catch(reason => reason);
    expect(MkbError.is(error, 'secret-unreadable')).toBe(true);
    expect(error.message).toContain('/nowhere/ca.pem');
  });
});
