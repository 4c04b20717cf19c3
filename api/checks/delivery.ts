/** What of a buffer belongs together. */
import { type Finding, finding } from '../findings.ts';
import type { Path } from '../problems.ts';
import type { BridgeSection } from '../schema/bridge.ts';
import type { DeliverySection } from '../schema/delivery.ts';
import { bytes } from '../units.ts';
import type { SemanticCheck } from './check.ts';

const section: Path = ['spec', 'delivery', 'buffer'];

export const deliveryChecks: readonly SemanticCheck[] = [
  {
    reads: [['spec', 'delivery']],
    check: ({ spec: { delivery } }) => [...checkTransactions(delivery), ...checkBuffer(delivery.buffer)],
  },
  {
    reads: [
      ['spec', 'delivery'],
      ['spec', 'bridge'],
    ],
    check: ({ spec: { delivery, bridge } }) => checkVolume(delivery.buffer, bridge),
  },
];

const ofTransactions = ['commitInterval', 'sessionTopic'] as const;

const checkTransactions = (delivery: DeliverySection): Finding[] =>
  ofTransactions
    .filter(name => delivery[name] !== undefined && delivery.guarantee !== 'exactlyOnce')
    .map(name => {
      const reason = `\`${name}\` is given, and \`guarantee\` is ${delivery.guarantee}.`;
      const remedy = 'Set `guarantee: exactlyOnce`, or leave it out.';
      return finding(['spec', 'delivery', name], 'field-conflict', { reason }, { at: 'key', remedy });
    });

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

/** The volumes that the operator has made for buffers. */
const checkVolume = (
  { mode, maxBytes }: DeliverySection['buffer'],
  { storage, storageClassName }: BridgeSection,
): Finding[] => {
  const unfit = (name: string, reason: string, remedy: string) =>
    finding(['spec', 'bridge', name], 'field-conflict', { reason }, { at: 'key', remedy });
  if (mode !== 'disk')
    return Object.entries({ storage, storageClassName }).flatMap(([name, value]) =>
      value === undefined
        ? []
        : unfit(
            name,
            `\`${name}\` is given, and \`delivery.buffer.mode\` is ${mode}.`,
            'Set `mode: disk` there, or leave it out.',
          ),
    );
  if (storage === undefined || bytes(storage) >= bytes(maxBytes)) return [];
  const reason = `\`storage\` is ${storage}, and \`delivery.buffer.maxBytes\` is ${maxBytes}.`;
  return [unfit('storage', reason, 'Choose a quarter more than `maxBytes`, or leave it out.')];
};
