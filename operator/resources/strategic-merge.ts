/**
 * Merges what people write in a `podTemplate` over what we make, as Kubernetes' own strategic merge does: mappings field by field, lists
 * of things with a name by that name, every other list and value as a whole. `null` takes a field away, and an item of a list goes with
 * `$patch: delete`. https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
 *
 * https://github.com/kubernetes/api/blob/master/core/v1/types.go names the keys (`patchMergeKey`); these are those of a Pod.
 */

type Mapping = Readonly<Record<string, unknown>>;

/** What items of a list are told apart by. */
type MergeKeys = Readonly<Record<string, string>>;

const podKeys: MergeKeys = {
  containers: 'name',
  initContainers: 'name',
  volumes: 'name',
  env: 'name',
  imagePullSecrets: 'name',
  resourceClaims: 'name',
  ports: 'containerPort',
  volumeMounts: 'mountPath',
  volumeDevices: 'devicePath',
  hostAliases: 'ip',
  topologySpreadConstraints: 'topologyKey',
};

/**
 * @param patch what is written; undefined for nothing
 * @param keys by which items of lists are told apart, by the name of the list; those of a Pod when left out
 */
export function strategicMerge<T extends Mapping>(base: T, patch: Mapping | undefined, keys: MergeKeys = podKeys): T {
  return patch === undefined ? base : (mergeMappings(base, patch, keys) as T);
}

function mergeMappings(base: Mapping, patch: Mapping, keys: MergeKeys): Mapping {
  const merged: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergeField(name, base[name], value, keys);
  }
  return merged;
}

function mergeField(name: string, base: unknown, patch: unknown, keys: MergeKeys): unknown {
  const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
  if (Array.isArray(patch)) {
    return key !== undefined && Array.isArray(base) && patch.every(isMapping)
      ? mergeLists(key, base, patch, keys)
      : patch;
  }
  return isMapping(patch) ? mergeMappings(isMapping(base) ? base : {}, patch, keys) : patch;
}

/** Items that are there keep their places, new ones come after them. */
function mergeLists(key: string, base: readonly Mapping[], patch: readonly Mapping[], keys: MergeKeys): Mapping[] {
  const patches = new Map(patch.map(item => [item[key], item]));
  const merged = base.flatMap(item => {
    const found = patches.get(item[key]);
    patches.delete(item[key]);
    if (found === undefined) return [item];
    return found.$patch === 'delete' ? [] : [mergeMappings(item, found, keys)];
  });
  return [...merged, ...[...patches.values()].filter(({ $patch }) => $patch !== 'delete')];
}

const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
