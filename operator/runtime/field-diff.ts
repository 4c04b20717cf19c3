/**
 * Which of the fields that we set are not on the server as we set them.
 *
 * The server adds to what it is given: defaults, a cluster IP, a sidecar that somebody injects. So the question is never whether two
 * objects are equal, but whether ours is contained in the server's. For lists and some maps, "contained" is a matter of who owns what, which
 * server-side apply has rules for; they are kept here in the short form that the kinds of Kubernetes itself need:
 *
 * - A list whose items have a key (containers by name, ports by number) is merged by it: others may have items of their own in it.
 * - Any other list belongs to one owner as a whole: one item more or fewer, or another order, is a change. Its items may have defaults.
 * - A selector is owned as a whole too: one label more, and it selects something else.
 *
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
 */
import { sameMeaning } from './canonical.ts';
import { sameQuantity } from './quantity.ts';

/** What stands instead: the path as the server itself writes it (`.spec.containers[name="bridge"].image`), and the value found. */
export type Differences = ReadonlyMap<string, unknown>;

type Fields = Readonly<Record<string, unknown>>;

/** By which fields the items of a list are told apart, by the name of the list. The first that all items have is taken. */
const listKeys: Readonly<Record<string, readonly (readonly string[])[]>> = {
  containers: [['name']],
  initContainers: [['name']],
  env: [['name']],
  volumes: [['name']],
  imagePullSecrets: [['name']],
  secrets: [['name']],
  volumeMounts: [['mountPath']],
  volumeDevices: [['devicePath']],
  hostAliases: [['ip']],
  // Of a container and of a Service; those of a NetworkPolicy have no key.
  ports: [
    ['containerPort', 'protocol'],
    ['name', 'port'],
    ['name', 'containerPort'],
  ],
  topologySpreadConstraints: [['topologyKey', 'whenUnsatisfiable']],
  ownerReferences: [['uid']],
  conditions: [['type']],
};

const sets = new Set(['finalizers']);
const wholeMaps = new Set([
  'selector',
  'matchLabels',
  'nodeSelector',
  'podSelector',
  'namespaceSelector',
  'labelSelector',
]);
const quantityMaps = new Set(['requests', 'limits', 'capacity', 'hard']);
const quantities = new Set(['sizeLimit', 'storage']);

/** The fields of `wanted` that are different in `found`. A field of `wanted` that is null or undefined is not wanted. */
export function differences(wanted: unknown, found: unknown): Differences {
  const differing = new Map<string, unknown>();
  compare({ path: '', name: '', parent: '', whole: false, differing }, wanted, found);
  return differing;
}

interface Place {
  readonly path: string;
  /** Of the field, and of the one that it is in. */
  readonly name: string;
  readonly parent: string;
  /** In a map that is owned as a whole. */
  readonly whole: boolean;
  readonly differing: Map<string, unknown>;
}

function compare(place: Place, wanted: unknown, found: unknown): void {
  if (wanted === null || wanted === undefined) return;
  if (Array.isArray(wanted)) compareLists(place, wanted, found);
  else if (typeof wanted === 'object') compareFields(place, wanted as Fields, found);
  else if (wanted !== found && !(isQuantity(place) && sameQuantity(wanted, found))) differ(place, found);
}

const isQuantity = ({ name, parent }: Place): boolean => quantityMaps.has(parent) || quantities.has(name);

const differ = ({ path, differing }: Place, found: unknown): void => {
  differing.set(path, found);
};

function compareFields(place: Place, wanted: Fields, found: unknown): void {
  if (typeof found !== 'object' || found === null || Array.isArray(found)) {
    differ(place, found);
    return;
  }
  const whole = place.whole || wholeMaps.has(place.name);
  if (whole && Object.keys(found).some(name => (fieldOf(wanted, name) ?? null) === null)) {
    differ(place, found);
    return;
  }
  for (const [name, value] of Object.entries(wanted)) {
    const at = { path: `${place.path}.${name}`, name, parent: place.name, whole, differing: place.differing };
    compare(at, value, fieldOf(found as Fields, name));
  }
}

/** A field may be called `constructor`, which every object of JavaScript seems to have. */
const fieldOf = <T>(fields: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(fields, name) ? fields[name] : undefined;

function compareLists(place: Place, wanted: readonly unknown[], found: unknown): void {
  if (!Array.isArray(found)) {
    differ(place, found);
    return;
  }
  const key = fieldOf(listKeys, place.name)?.find(fields => wanted.every(item => hasFields(item, fields)));
  if (key) compareByKey(place, wanted as Fields[], found, key);
  else if (sets.has(place.name)) {
    if (!wanted.every(item => found.includes(item))) differ(place, found);
  } else if (wanted.length !== found.length) differ(place, found);
  else for (const [index, item] of wanted.entries()) compare(itemAt(place, `[${index}]`), item, found[index]);
}

function compareByKey(
  place: Place,
  wanted: readonly Fields[],
  found: readonly unknown[],
  key: readonly string[],
): void {
  for (const item of wanted) {
    const same = found.find(other => hasFields(other, key) && key.every(field => other[field] === item[field]));
    const names = key.map(field => `${field}=${JSON.stringify(item[field])}`).join(',');
    compare(itemAt(place, `[${names}]`), item, same);
  }
}

const itemAt = (place: Place, index: string): Place => ({ ...place, path: place.path + index, name: '' });

const hasFields = (item: unknown, fields: readonly string[]): item is Fields =>
  typeof item === 'object' && item !== null && fields.every(field => field in item);

/** The paths of `before` that are not, or not with the same value, in `after`. */
export const settledBy = (before: Differences, after: Differences): string[] =>
  [...before]
    .filter(([path, found]) => !(after.has(path) && sameMeaning(after.get(path), found)))
    .map(([path]) => path);
