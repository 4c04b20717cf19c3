import { type Finding, finding } from '../findings.ts';
import type { Path } from '../problems.ts';
import type { Tls } from '../schema/security.ts';

/** A certificate is worth nothing without its key, nor a key without its certificate. */
export const checkTls = (tls: Tls | undefined, path: Path): Finding[] => {
  if (tls === undefined || (tls.cert === undefined) === (tls.key === undefined)) return [];
  const [given, missing] = tls.cert ? ['cert', 'key'] : ['key', 'cert'];
  return [
    finding(
      [...path, given!],
      'field-conflict',
      { reason: `\`${given}\` is given without \`${missing}\`.` },
      { at: 'key' },
    ),
  ];
};
