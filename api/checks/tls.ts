import { type Finding, finding } from '../findings.ts';
import type { Path } from '../problems.ts';
import type { Tls } from '../schema/security.ts';

/** A certificate is worth nothing without its key, nor a key without its certificate, nor a passphrase without a key. */
export const checkTls = (tls: Tls | undefined, path: Path): Finding[] => {
  if (tls === undefined) return [];
  const lonely = (given: keyof Tls, missing: string): Finding =>
    finding(
      [...path, given],
      'field-conflict',
      { reason: `\`${given}\` is given without \`${missing}\`.` },
      { at: 'key', remedy: `Add \`${missing}\`, or leave out \`${given}\`.` },
    );
  const found: Finding[] = [];
  if (tls.cert !== undefined && tls.key === undefined) found.push(lonely('cert', 'key'));
  if (tls.key !== undefined && tls.cert === undefined) found.push(lonely('key', 'cert'));
  if (tls.passphrase !== undefined && tls.key === undefined) found.push(lonely('passphrase', 'key'));
  return found;
};
