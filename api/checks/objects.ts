/** What people add to the objects that the operator makes: it must be accepted by any API server, and leave alone what the operator needs. */
import { type Finding, finding } from '../findings.ts';
import { nearest } from '../nearest.ts';
import type { Path } from '../problems.ts';
import type { ObjectMetadata, Override } from '../schema/objects.ts';
import { overridable } from '../schema/overridable.ts';
import type { SemanticCheck } from './check.ts';

const metadata: Path = ['spec', 'metadata'];
const overrides: Path = ['spec', 'overrides'];

export const objectChecks: readonly SemanticCheck[] = [
  { reads: [metadata], check: ({ spec }) => checkMetadata(metadata, spec.metadata as ObjectMetadata) },
  {
    reads: [overrides],
    check: ({ spec }) => spec.overrides.flatMap((each, index) => checkOverride([...overrides, index, 'patch'], each)),
  },
];

/** Labels that selectors and watches go by. */
const ownLabels: ReadonlySet<string> = new Set(
  ['name', 'instance', 'component', 'managed-by'].map(each => `app.kubernetes.io/${each}`),
);
const ownPrefix = 'mqttkafka.dev/';
/** What `kubectl apply` believes it applied: on an object that it did not make, it would take fields away. */
const ofKubectl = 'kubectl.kubernetes.io/last-applied-configuration';

/** Whether labels and annotations of this name are the operator's own. */
export const isReserved = (key: string): boolean =>
  ownLabels.has(key) || key === ofKubectl || /^(?:[^/]+\.)?mqttkafka\.dev\//.test(key);

/** Every object carries them, so that together they must be well below the 256 KiB that an object may have. */
const maxBytes = 65_536;

const conflict = (path: Path, reason: string, remedy: string): Finding =>
  finding(path, 'field-conflict', { reason }, { at: 'key', remedy });

type Texts = Readonly<Record<string, unknown>>;

/** @param written labels and annotations; of a patch, whose shape nobody has looked at, anything */
export function checkMetadata(
  path: Path,
  { labels = {}, annotations = {} }: { labels?: unknown; annotations?: unknown },
) {
  const found = [
    ...checkTexts([...path, 'labels'], labels, true),
    ...checkTexts([...path, 'annotations'], annotations),
  ];
  if (found.length > 0) return found;
  const bytes = Buffer.byteLength(JSON.stringify([labels, annotations]));
  if (bytes <= maxBytes) return [];
  return [conflict(path, `Labels and annotations have ${bytes} bytes.`, `Keep them to ${maxBytes} bytes.`)];
}

function checkTexts(path: Path, texts: unknown, areLabels = false): Finding[] {
  if (!isMapping(texts)) return [conflict(path, 'It is no mapping of texts.', 'Write names and texts.')];
  return Object.entries(texts).flatMap(([key, value]) => {
    const at = [...path, key];
    if (isReserved(key)) {
      return [conflict(at, `The operator sets \`${key}\` itself.`, `Choose a name without the prefix ${ownPrefix}.`)];
    }
    if (!isQualifiedName(key)) return [conflict(at, `Kubernetes takes no such name: \`${key}\`.`, nameRule)];
    // In a patch, null takes one away.
    if (value === null) return [];
    if (typeof value !== 'string') return [conflict(at, 'It is no text.', 'Put it in quotes.')];
    return areLabels && !isLabelValue(value) ? [conflict(at, 'Kubernetes takes no such label.', valueRule)] : [];
  });
}

const nameRule =
  'Use up to 63 letters, digits, dashes, dots and underscores, after a domain and a slash if there is one.';
const valueRule = 'Use up to 63 letters, digits, dashes, dots and underscores, none of the last three at the ends.';

const word = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const domain = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

/** [Kubernetes: IsQualifiedName] */
function isQualifiedName(key: string): boolean {
  const [name = '', prefix, ...more] = key.split('/').reverse();
  return (
    more.length === 0 && word.test(name) && (prefix === undefined || (prefix.length <= 253 && domain.test(prefix)))
  );
}

/** [Kubernetes: IsValidLabelValue] */
const isLabelValue = (value: string): boolean => value === '' || word.test(value);

function checkOverride(path: Path, { kind, patch }: Override): Finding[] {
  const allowed: readonly string[] = overridable[kind];
  const unknown = (at: Path, field: string) => {
    const known = ['metadata.labels', 'metadata.annotations', ...allowed];
    const meant = nearest(field, known);
    const hint = meant === undefined ? '' : ` Did you mean \`${meant}\`?`;
    const fields = known.map(each => `\`${each}\``).join(', ');
    return conflict(
      at,
      `\`${field}\` of a ${kind} is not for overriding.${hint}`,
      `It may be: ${fields}. ${elsewhere}`,
    );
  };
  return Object.entries(patch).flatMap(([section, value]) => {
    const at = [...path, section];
    if (section === 'metadata' && isMapping(value)) {
      const others = Object.keys(value).filter(field => field !== 'labels' && field !== 'annotations');
      return [
        ...others.map(field => unknown([...at, field], `metadata.${field}`)),
        ...checkMetadata(at, value as { labels?: unknown; annotations?: unknown }),
      ];
    }
    if (section === 'spec' && isMapping(value)) {
      const others = Object.keys(value).filter(field => !allowed.includes(`spec.${field}`));
      return [...others.map(field => unknown([...at, field], `spec.${field}`)), ...checkDepth(at, value)];
    }
    return allowed.includes(section) ? checkDepth(at, value) : [unknown(at, section)];
  });
}

const elsewhere = 'Pods have `podTemplate`, and what the document has a field for is set there.';

/** No object of Kubernetes that may be patched is nearly as deep; what follows is recursive. */
const maxDepth = 32;

const checkDepth = (path: Path, value: unknown): Finding[] =>
  isDeeper(value, maxDepth) ? [conflict(path, `It is nested more than ${maxDepth} deep.`, 'Nest it less.')] : [];

const isDeeper = (value: unknown, depth: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (depth === 0 || Object.values(value).some(each => isDeeper(each, depth - 1)));

const isMapping = (value: unknown): value is Texts =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
