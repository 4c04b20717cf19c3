/** Tables whose files a Pod of the bridge does not have. */
import path from 'node:path';
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
  const mounts = mountsOfBridge(bridge.podTemplate);
  return tables.flatMap(({ file, name }, index) => {
    if (file === undefined || mounts.some(mount => isIn(file, mount))) return [];
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

/** Whether a file is mounted, or in a folder that is. */
export function isIn(file: string, { folder }: Mount): boolean {
  const found = path.posix.normalize(file);
  return found === folder || found.startsWith(`${folder}/`);
}

/** @param template as people write it, so nothing about it is sure */
export function mountsOfBridge(template: unknown): readonly Mount[] {
  const bridge = listIn(template, 'spec', 'containers').find(each => valueAt(each, ['name']) === 'bridge');
  return listIn(bridge, 'volumeMounts').flatMap(mount => {
    const [mounted, volume] = [valueAt(mount, ['mountPath']), valueAt(mount, ['name'])];
    if (typeof mounted !== 'string' || typeof volume !== 'string' || !mounted.startsWith('/')) return [];
    const isPart = ['subPath', 'subPathExpr'].some(name => valueAt(mount, [name]) !== undefined);
    return [{ volume, folder: path.posix.normalize(mounted).replace(/\/$/, ''), isPart }];
  });
}

function listIn(value: unknown, ...names: string[]): readonly unknown[] {
  const list = valueAt(value, names);
  return Array.isArray(list) ? list.filter(each => typeof each === 'object' && each !== null) : [];
}
