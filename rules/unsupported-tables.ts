/** Tables whose files a Pod of the bridge does not have. */
import type { MqttKafkaBridge } from '../api/bridge.ts';
import { valueAt } from '../api/values.ts';
import type { UnsupportedPart } from './unsupported-part.ts';

/** Something that a Pod of the bridge has in its own container. */
export interface Mount {
  readonly volume: string;
  /** Its path, without a slash at the end. */
  readonly folder: string;
  /** Whether it is a part of the volume (`subPath`), which Kubernetes does not renew. */
  readonly isPart: boolean;
}

export function unmountedTables({ tables, bridge }: MqttKafkaBridge['spec']): UnsupportedPart[] {
  const folders = mountsOfBridge(bridge.podTemplate).map(({ folder }) => folder);
  return tables.flatMap(({ file, name }, index) => {
    if (file === undefined || folders.some(folder => file === folder || file.startsWith(`${folder}/`))) return [];
    return [
      {
        path: `spec.tables[${index}].file`,
        message: `No volume of spec.bridge.podTemplate is mounted where the table ${name} is: a Pod of the bridge has no ${file}.`,
        remedy:
          'Mount a ConfigMap or another volume there for the container `bridge`, or write a small table as `text`.',
      },
    ];
  });
}

/** @param template as people write it, so nothing about it is sure */
export function mountsOfBridge(template: unknown): readonly Mount[] {
  const bridge = listIn(template, 'spec', 'containers').find(each => valueAt(each, ['name']) === 'bridge');
  return listIn(bridge, 'volumeMounts').flatMap(mount => {
    const [path, volume] = [valueAt(mount, ['mountPath']), valueAt(mount, ['name'])];
    if (typeof path !== 'string' || typeof volume !== 'string' || !path.startsWith('/')) return [];
    const isPart = ['subPath', 'subPathExpr'].some(name => valueAt(mount, [name]) !== undefined);
    return [{ volume, folder: path.replace(/\/+$/, ''), isPart }];
  });
}

function listIn(value: unknown, ...path: string[]): readonly unknown[] {
  const list = valueAt(value, path);
  return Array.isArray(list) ? list.filter(each => typeof each === 'object' && each !== null) : [];
}
