import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate authority, a server for 127.0.0.1 and localhost, and a client, in PEM. Each `...File` is where it lies. */
export interface Certificates {
  readonly ca: string;
  readonly caFile: string;
  readonly serverCertFile: string;
  readonly serverKeyFile: string;
  /** The server's key and certificate in one file, as Kafka wants them. */
  readonly serverStoreFile: string;
  readonly clientCert: string;
  readonly clientCertFile: string;
  readonly clientKey: string;
  readonly clientKeyFile: string;
}

/**
 * Makes certificates that are good for a day, in `folder`. The client's common name is `client`. Takes about 0.1 s.
 *
 * @param names what the server is called besides localhost, as OpenSSL has it: `DNS:kubernetes`, `IP:198.19.0.1`
 */
export function makeCertificates(folder: string, names: readonly string[] = []): Certificates {
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-days',
    '1',
    '-subj',
    '/CN=test authority',
  );

  const sign = (name: string, extensions: string) => {
    writeFileSync(at(`${name}.ext`), extensions);
    openssl('req', '-new', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const ca = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'];
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...ca,
      '-out',
      `${name}.crt`,
      '-days',
      '1',
      '-extfile',
      `${name}.ext`,
    );
  };
  const called = ['DNS:localhost', 'IP:127.0.0.1', ...names].join();
  sign('server', `subjectAltName=${called}\nextendedKeyUsage=serverAuth,clientAuth\n`);
  sign('client', 'extendedKeyUsage=clientAuth\n');

  const text = (name: string) => readFileSync(at(name), 'utf8');
  writeFileSync(at('server.pem'), text('server.key') + text('server.crt'));
  return {
    ca: text('ca.crt'),
    caFile: at('ca.crt'),
    serverCertFile: at('server.crt'),
    serverKeyFile: at('server.key'),
    serverStoreFile: at('server.pem'),
    clientCert: text('client.crt'),
    clientCertFile: at('client.crt'),
    clientKey: text('client.key'),
    clientKeyFile: at('client.key'),
  };
}
