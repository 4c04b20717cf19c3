/** What of a buffer belongs together. */
import { type Finding, finding } from '../findings.ts';
import type { Path } from '../problems.ts';
import type { DeliverySection } from '../schema/delivery.ts';
import type { SemanticCheck } from './check.ts';

const section: Path = ['spec', 'delivery', 'buffer'];

export const deliveryChecks: readonly SemanticCheck[] = [
  { reads: [['spec', 'delivery']], check: ({ spec: { delivery } }) => checkBuffer(delivery.buffer) },
];

const ofDisk = ['path', 'fsync', 'encryptionKey'] as const;
const ofAny = ['whenFull', 'maxAge', 'drainRate'] as const;

const checkBuffer = (buffer: DeliverySection['buffer']): Finding[] => {
  const { mode } = buffer;
  const unfit = (name: string, remedy: string) =>
    finding(
      [...section, name],
      'field-conflict',
      { reason: `\`${name}\` is given, and \`mode\` is ${mode}.` },
      { at: 'key', remedy },
    );
  const found: Finding[] = [];
  if (mode !== 'disk')
    for (const name of ofDisk)
      if (buffer[name] !== undefined) found.push(unfit(name, 'Set `mode: disk`, or leave it out.'));
  if (mode === 'none')
    for (const name of ofAny)
      if (buffer[name] !== undefined) found.push(unfit(name, 'Set `mode: memory` or `mode: disk`, or leave it out.'));
  if (mode === 'disk' && buffer.path === undefined) {
    const remedy = 'Add `path: <a folder that outlives the process>`.';
    found.push(finding(section, 'field-missing', { name: 'path' }, { at: 'key', remedy }));
  }
  return found;
};
