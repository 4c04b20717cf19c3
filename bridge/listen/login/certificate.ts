/** What a client certificate says of its owner. */
import type { PeerCertificate } from 'node:tls';
import type { CertificatePart } from '../../../api/schema/clients.ts';

export type { CertificatePart } from '../../../api/schema/clients.ts';

/** Parts that there are. Of several names of one kind in subjectAltName the first counts. */
export type ClientCertificate = Readonly<Partial<Record<CertificatePart, string>>>;

/** What a client certificate is good for. */
export interface CertificateNames {
  /** The parts that name the client. */
  readonly username: CertificatePart | 'none';
  readonly clientId: CertificatePart | 'none';
  /** Whether it is a login. */
  readonly login: boolean;
}

export const partOf = (certificate: ClientCertificate, part: CertificatePart | 'none'): string | undefined =>
  part === 'none' ? undefined : certificate[part];

/** @param certificate one that was verified */
export function readCertificate({ subject, subjectaltname }: PeerCertificate): ClientCertificate {
  const names = alternativeNames(subjectaltname ?? '');
  const parts: Readonly<Record<CertificatePart, unknown>> = {
    commonName: subject?.CN,
    organization: subject?.O,
    organizationalUnit: subject?.OU,
    dnsName: names.get('DNS'),
    email: names.get('email'),
    uri: names.get('URI'),
  };
  // A part that the subject has twice is a list, and which of them is meant nobody knows.
  return Object.fromEntries(Object.entries(parts).filter(([, text]) => typeof text === 'string' && text !== ''));
}

/**
 * The first name of each kind. Node writes `DNS:a, URI:b`, and a name that could be taken for several as JSON text: `DNS:"a, DNS:b"`
 * (CVE-2021-44532).
 */
function alternativeNames(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const name = /([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;
  for (let match = name.exec(text); match !== null && match[0] !== ''; match = name.exec(text)) {
    const [, kind, value] = match as unknown as [string, string, string];
    if (!found.has(kind)) found.set(kind, value.startsWith('"') ? String(JSON.parse(value)) : value);
  }
  return found;
}
