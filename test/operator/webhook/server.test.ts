/** The webhook asked by a real API server. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serveWebhook, type Webhook, webhookPath } from '../../../operator/webhook/server.ts';
import { ruleOf } from '../../api/support/documents.ts';
import { type Certificates, makeCertificates } from '../../real/certificates.ts';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';
import { type RunningKubernetes, startKubernetes } from '../../real/kubernetes.ts';
import { describeReal } from '../../real/require.ts';
import { until } from '../../real/until.ts';
import { quietLog } from '../support/quiet-log.ts';
import { bridge, crdFile } from '../support/stage.ts';

/** A folder as a Secret of the type kubernetes.io/tls is mounted. */
function certificatesIn(folder: string): Certificates & { readonly mounted: string } {
  mkdirSync(folder, { recursive: true });
  const made = makeCertificates(folder);
  const mounted = join(folder, 'mounted');
  mkdirSync(mounted);
  cpSync(made.serverCertFile, join(mounted, 'tls.crt'));
  cpSync(made.serverKeyFile, join(mounted, 'tls.key'));
  return { ...made, mounted };
}

describeReal('openssl')('the webhook', () => {
  const folder = temporaryFolder('webhook');
  const log = quietLog();
  let certificates: ReturnType<typeof certificatesIn>;
  let webhook: Webhook;

  const served = (mounted: string) =>
    serveWebhook({
      host: '127.0.0.1',
      port: 0,
      certificates: mounted,
      settings: { replicas: 1, trustedOverrides: [] },
      log,
      renewalMs: 20,
    });

  beforeAll(async () => {
    certificates = certificatesIn(join(folder, 'first'));
    webhook = await served(certificates.mounted);
  });
  afterAll(async () => {
    await webhook?.close();
    removeFolder(folder);
  });

  const send = (ca: string, { path = webhookPath, method = 'POST', body = '' } = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number | undefined; serial: string }>();
    const sent = request({ host: '127.0.0.1', port: webhook.port, path, method, ca, agent: false }, response => {
      const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate();
      response.resume().once('end', () => resolve({ status: response.statusCode, serial: serialNumber }));
    });
    sent.once('error', reject).end(body);
    return promise;
  };

  it('answers nothing but reviews', async () => {
    expect((await send(certificates.ca, { path: '/other' })).status).toBe(404);
    expect((await send(certificates.ca, { method: 'GET' })).status).toBe(404);
    expect((await send(certificates.ca, { body: '{}' })).status).toBe(400);
    expect((await send(certificates.ca, { body: 'a'.repeat(5_000_000) }).catch(() => ({ status: 413 }))).status).toBe(
      413,
    );
  });

  it('is not started without a certificate', async () => {
    await expect(served(join(folder, 'none'))).rejects.toMatchObject({
      code: 'webhook-certificate-unreadable',
    });
  });

  it('takes a certificate that is renewed, and keeps the old one while the new one is wrong', async () => {
    const { serial } = await send(certificates.ca);
    writeFileSync(join(certificates.mounted, 'tls.crt'), 'no certificate');
    await until('the complaint', async () => log.messages.some(each => each.includes('cannot be used')));
    expect((await send(certificates.ca)).serial).toBe(serial);
    const second = certificatesIn(join(folder, 'second'));
    cpSync(second.serverKeyFile, join(certificates.mounted, 'tls.key'));
    cpSync(second.serverCertFile, join(certificates.mounted, 'tls.crt'));
    await until('the new certificate', async () => (await send(second.ca).catch(() => undefined))?.status === 400);
    cpSync(certificates.serverKeyFile, join(certificates.mounted, 'tls.key'));
    cpSync(certificates.serverCertFile, join(certificates.mounted, 'tls.crt'));
    await until('the first again', async () => (await send(certificates.ca).catch(() => undefined))?.serial === serial);
  });
  it('answers nobody without a certificate of its client authority, where one is named', async () => {
    // Whoever reached the port could have documents checked, and so the operator busy.
    const { ca, caFile, clientCertFile, clientKeyFile, mounted } = certificates;
    const strict = await serveWebhook({
      ...{
        host: '127.0.0.1',
        port: 0,
        certificates: mounted,
        clientCa: caFile,
        settings: { replicas: 1, trustedOverrides: [] },
        log,
      },
    });
    const status = (more: object) => {
      const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
      const target = {
        host: '127.0.0.1',
        port: strict.port,
        path: webhookPath,
        method: 'POST',
        ca,
        agent: false,
        ...more,
      };
      request(target, response => resolve(response.resume().statusCode))
        .once('error', reject)
        .end('{}');
      return promise;
    };
    const stranger = makeCertificates(join(folder, 'second'));
    const pair = (cert: string, key: string) => ({ cert: readFileSync(cert), key: readFileSync(key) });
    await expect(status({})).rejects.toThrow();
    await expect(status(pair(stranger.clientCertFile, stranger.clientKeyFile))).rejects.toThrow();
    expect(await status(pair(clientCertFile, clientKeyFile))).toBe(400);
    await strict.close();
  });

  it('reads only so many requests at once, and goes on when they are over', async () => {
    // Thirty clients that sent 4 MiB each took the memory of the operator.
    const open = Array.from({ length: 8 }, () => {
      const { ca } = certificates;
      const sent = request({
        host: '127.0.0.1',
        port: webhook.port,
        path: webhookPath,
        method: 'POST',
        ca,
        agent: false,
      });
      sent.once('error', () => undefined).write('{');
      return sent;
    });
    await until('the eight to be there', async () => (await send(certificates.ca, { body: '{}' })).status === 503);
    for (const each of open) each.destroy();
    await until('room', async () => (await send(certificates.ca, { body: '{}' })).status === 400);
  });

  describeReal('etcd', 'kubernetes')('asked by an API server', () => {
    let kubernetes: RunningKubernetes;
    beforeAll(async () => {
      kubernetes = await startKubernetes({ apply: [crdFile] });
      await kubernetes.apply({
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingWebhookConfiguration',
        metadata: { name: 'bridges' },
        webhooks: [
          {
            name: 'bridges.mqttkafka.dev',
            clientConfig: {
              url: `https://127.0.0.1:${webhook.port}${webhookPath}`,
              caBundle: Buffer.from(certificates.ca).toString('base64'),
            },
            rules: [
              {
                apiGroups: ['mqttkafka.dev'],
                apiVersions: ['*'],
                operations: ['CREATE', 'UPDATE'],
                resources: ['mqttkafkabridges'],
              },
            ],
            sideEffects: 'None',
            failurePolicy: 'Fail',
            admissionReviewVersions: ['v1'],
          },
        ],
      });
    });
    afterAll(() => kubernetes?.stop());

    it('refuses SQL that cannot be parsed when it is applied, with line and column', async () => {
      const wrong = bridge('wrong', {
        rules: [{ ...ruleOf({ topic: 'cars' }), sql: 'SELECT payload\nFORM "cars/#"' }],
      });
      // It takes the API server a moment to learn of the webhook.
      const refusal = await until('the webhook to be asked', async () =>
        kubernetes.apply(wrong).then(
          () => kubernetes.kubectl(['delete', 'mkb', 'wrong']).then(() => undefined),
          error => String(error),
        ),
      );
      expect(refusal).toContain('admission webhook "bridges.mqttkafka.dev" denied the request');
      expect(refusal).toContain('spec.rules[0].sql, line 2, column 6');
    });

    it('stores what can be run, and lets it be changed and deleted', async () => {
      await kubernetes.apply(bridge('good'));
      await kubernetes.kubectl(['label', 'mkb', 'good', 'a=b']);
      await kubernetes.kubectl(['delete', 'mkb', 'good']);
      expect(await kubernetes.get('mkb', 'good')).toBeUndefined();
    });
  });
});
