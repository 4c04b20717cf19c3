/** What a sink with `cloudEvents` must not write beside it: an attribute twice is none that consumers agree about. */
import { type Finding, finding } from '../findings.ts';
import type { Path } from '../problems.ts';
import type { CloudEvents } from '../schema/cloud-events.ts';
import type { Sink } from '../schema/rules.ts';

/** Attributes that have fields of their own, or that the bridge gives (CloudEvents 1.0, 3.1); `data` is none and may not be one. */
const reserved: ReadonlySet<string> = new Set(
  'id source specversion type subject time datacontenttype dataschema data'.split(' '),
);

/** @param path of the sink */
export const checkCloudEvents = ({ kafka, mqtt }: Sink, path: Path): Finding[] => {
  if (kafka?.cloudEvents !== undefined) {
    const { cloudEvents, headers = [] } = kafka;
    const at = [...path, 'kafka'];
    return [
      ...checkExtensions(cloudEvents, [...at, 'cloudEvents', 'extensions']),
      ...checkNames(headers, 'headers', at, name => /^ce_/i.test(name) || name.toLowerCase() === 'content-type'),
    ];
  }
  if (mqtt?.cloudEvents === undefined) return [];
  const { cloudEvents, contentType, userProperties = [] } = mqtt;
  const at = [...path, 'mqtt'];
  const extensions = new Set(cloudEvents.extensions?.map(({ name }) => name));
  return [
    ...checkExtensions(cloudEvents, [...at, 'cloudEvents', 'extensions']),
    ...checkNames(userProperties, 'userProperties', at, name => reserved.has(name) || extensions.has(name)),
    ...(contentType === undefined ? [] : [written('the content type', 'contentType', [...at, 'contentType'])]),
  ];
};

const checkExtensions = ({ extensions = [] }: CloudEvents, path: Path): Finding[] => [
  ...extensions.flatMap(({ name }, index) => checkExtension(name, [...path, index, 'name'])),
  ...twice(extensions, path),
];

const checkExtension = (name: string, path: Path): Finding[] => {
  if (!reserved.has(name)) return [];
  const expected = 'the name of an extension, and not of an attribute of the standard';
  return [finding(path, 'field-value', { found: `"${name}"`, expected }, { remedy: undefined })];
};

const twice = (extensions: readonly { readonly name: string }[], path: Path): Finding[] =>
  extensions.flatMap(({ name }, index) => {
    if (extensions.findIndex(each => each.name === name) === index) return [];
    const expected = 'each extension once';
    return [
      finding([...path, index, 'name'], 'field-value', { found: `"${name}" again`, expected }, { remedy: undefined }),
    ];
  });

const checkNames = (
  items: readonly { readonly name: string }[],
  field: 'headers' | 'userProperties',
  path: Path,
  isOurs: (name: string) => boolean,
): Finding[] =>
  items.flatMap(({ name }, index) => (isOurs(name) ? [written(name, field, [...path, field, index, 'name'])] : []));

const written = (name: string, field: string, path: Path): Finding =>
  finding(path, 'cloud-event-header', { name, field: `\`${field}\`` });
