import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeAuthority, makeServer } from '../../demo/compose/certificate.ts';

const validity = { from: new Date('2026-01-02T03:04:05Z'), days: 365 };
const authority = makeAuthority('test authority', validity);

describe('a certificate of the demo', () => {
  it('is signed by the authority and lasts as long as was asked', () => {
    const certificate = new X509Certificate(makeServer(authority, ['kafka'], validity).certificate);
    expect(certificate.verify(authority.publicKey)).toBe(true);
    expect(certificate.checkIssued(new X509Certificate(authority.certificate))).toBe(true);
    expect(certificate.validFromDate).toEqual(validity.from);
    expect(certificate.validToDate).toEqual(new Date('2027-01-02T03:04:05Z'));
  });

  it('is for every name that it was made for, and for 127.0.0.1, and for no other', () => {
    const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}[a-z0-9]$/);
    fc.assert(
      fc.property(fc.uniqueArray(label, { minLength: 1, maxLength: 12 }), names => {
        const certificate = new X509Certificate(makeServer(authority, names, validity).certificate);
        for (const name of names) expect(certificate.checkHost(name)).toBe(name);
        expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
        expect(certificate.checkHost('elsewhere.example')).toBeUndefined();
      }),
      { numRuns: 20 },
    );
  });

  it('belongs to its key, and may not sign others', () => {
    const { certificate, key } = makeServer(authority, ['kafka'], validity);
    const parsed = new X509Certificate(certificate);
    expect(parsed.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(parsed.ca).toBe(false);
    expect(new X509Certificate(authority.certificate).ca).toBe(true);
  });

  it('is accepted by a TLS client that trusts the authority, and by no other', async () => {
    const now = { from: new Date(Date.now() - 60_000), days: 2 };
    const signer = makeAuthority('test authority', now);
    const { certificate, key } = makeServer(signer, ['localhost'], now);
    const server = createServer({ cert: certificate, key }, socket => socket.end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const trusting = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: signer.certificate });
      await once(trusting, 'secureConnect');
      expect(trusting.authorized).toBe(true);
      trusting.destroy();
      const stranger = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: authority.certificate });
      const [error] = await once(stranger, 'error');
      expect(error).toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    } finally {
      server.close();
    }
  });
});
