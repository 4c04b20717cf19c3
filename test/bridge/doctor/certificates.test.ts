// A bridge stopped in the night that its certificate expired; the doctor had found nothing the week before.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { completeDocument } from '../../../api/complete.ts';
import { checkOwnCertificates, checkServerCertificates, validity } from '../../../bridge/doctor/certificates.ts';
import type { Check } from '../../../bridge/doctor/check.ts';
import { type Certificates, makeCertificates } from '../../real/certificates.ts';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';

const folder = temporaryFolder('doctor-certificates');
let made: Certificates;

beforeAll(() => {
  made = makeCertificates(folder);
});
afterAll(() => removeFolder(folder));

const dayMs = 86_400_000;

it.each([
  ['a month before its end', -30, 'ok', undefined],
  ['two weeks before its end', -14, 'ok', undefined],
  ['thirteen days before its end', -13, 'warning', 'certificate-expires'],
  ['an hour before its end', -1 / 24, 'warning', 'certificate-expires'],
  ['an hour after its end', 1 / 24, 'failed', 'certificate-expired'],
])('a certificate %s', (_when, days, state, code) => {
  const real = new X509Certificate(made.clientCert);
  const validFromDate = new Date(0);
  const certificate = { validFromDate, validToDate: real.validToDate } as X509Certificate;
  expect(validity('c', certificate, real.validToDate.getTime() + days * dayMs)).toMatchObject({
    state,
    ...(code && { code }),
  });
});

it('a certificate that is not valid yet is a matter of the clock', () => {
  const { validFromDate, validToDate } = new X509Certificate(made.clientCert);
  const certificate = { validFromDate, validToDate } as X509Certificate;
  expect(validity('c', certificate, validFromDate.getTime() - 1)).toMatchObject({ code: 'certificate-not-yet' });
});

async function all(checks: AsyncGenerator<Check>): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, state } of checks) found.push(`${name}: ${state}`);
  return found;
}

it('those that the document names are looked at', async () => {
  const cert = { valueFrom: { file: made.clientCertFile } };
  const key = { valueFrom: { file: made.clientKeyFile } };
  const { spec } = completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'cars' },
    spec: {
      mqtt: { listen: [{ port: 1883 }, { port: 8883, tls: { cert, key } }] },
      kafka: { bootstrapServers: ['a:9093'], tls: { cert, key } },
      rules: [],
    },
  });
  expect(await all(checkOwnCertificates(spec, { secretsDir: '' }))).toEqual([
    'certificate spec.mqtt.listen[1].tls.cert: warning',
    'certificate spec.kafka.tls.cert: warning',
  ]);
});

it('those of servers are looked at, whoever signed them, and one that is not there is left to other checks', async () => {
  const [cert, key] = [made.serverCertFile, made.serverKeyFile].map(file => readFileSync(file));
  const server = createServer({ cert: cert!, key: key! });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const urls = [`mqtts://127.0.0.1:${port}`, `mqtt://127.0.0.1:${port}`, 'mqtts://127.0.0.1:1'];
  expect(await all(checkServerCertificates(urls, [`localhost:${port}`]))).toEqual([
    `certificate of 127.0.0.1:${port}: warning`,
    `certificate of localhost:${port}: warning`,
  ]);
  server.close();
});
