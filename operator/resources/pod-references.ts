/** Which Secrets and ConfigMaps a Pod reads, in whatever way a Pod can. [Kubernetes: EnvVarSource, EnvFromSource, Volume] */

/** What is read of one Secret or ConfigMap in one place. */
export interface Use {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly name: string;
  /** The key that is read; undefined for all of them. */
  readonly key?: string | undefined;
  /** Whether the Pod cannot start without it. */
  readonly required: boolean;
}

interface Named {
  readonly name?: string;
  readonly secretName?: string;
  readonly key?: string;
  readonly optional?: boolean;
  readonly items?: readonly { readonly key: string }[];
}

/** The fields that name a Secret or a ConfigMap, and what they read of it. */
const namingFields: Readonly<Record<string, (value: Named) => Use[]>> = {
  secretKeyRef: value => use('Secret', value, value.name),
  configMapKeyRef: value => use('ConfigMap', value, value.name),
  secretRef: value => use('Secret', value, value.name),
  configMapRef: value => use('ConfigMap', value, value.name),
  // Of a volume, and of a projected one, which names it by `name`.
  secret: value => use('Secret', value, value.secretName ?? value.name),
  configMap: value => use('ConfigMap', value, value.name),
};

function use(kind: Use['kind'], { key, items, optional = false }: Named, name: string | undefined): Use[] {
  if (typeof name !== 'string') return [];
  const keys = Array.isArray(items) ? items.map(item => item.key) : [key];
  return keys.map(each => ({ kind, name, key: each, required: !optional }));
}

/** @param template of a Pod, or any part of one, as people write it */
export function podUses(template: unknown): Use[] {
  if (typeof template !== 'object' || template === null) return [];
  return Object.entries(template).flatMap(([name, value]) => {
    const named = Object.hasOwn(namingFields, name) && typeof value === 'object' && value !== null;
    return [...(named ? namingFields[name]!(value) : []), ...podUses(value)];
  });
}
