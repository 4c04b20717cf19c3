/** The volumes of a Pod as a node mounts them, in a folder: so that what the Pod would run can be run here. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { objectOf } from '../../support/pipelines.ts';
import { type AnyObject, textsOf } from './support.ts';

/** Secrets of people, by name. */
export type PeoplesSecrets = Readonly<Record<string, Readonly<Record<string, string>>>>;

export class MountedPod {
  readonly folder: string;
  readonly #spec;

  /** Mounts all volumes of all containers of a StatefulSet under `folder`, which paths in files then begin with. @param objects those that it is made with */
  constructor(folder: string, objects: readonly AnyObject[], statefulSet: AnyObject, secrets: PeoplesSecrets = {}) {
    this.folder = folder;
    this.#spec = statefulSet.spec.template.spec;
    const textsFor = (kind: string, name: string, optional = false) => {
      const there = objects.some(object => object.kind === kind && object.metadata.name === name);
      if (secrets[name] ?? (optional && !there)) return secrets[name];
      return kind === 'Secret' ? textsOf(objectOf(objects, kind, name)) : objectOf(objects, kind, name).data;
    };
    for (const { name, mountPath } of [...this.#spec.initContainers, ...this.#spec.containers].flatMap(
      ({ volumeMounts }) => volumeMounts,
    )) {
      // Claims of a StatefulSet are no volumes of its template.
      const volume = this.#spec.volumes.find((each: { name: string }) => each.name === name) ?? {};
      mkdirSync(this.path(mountPath), { recursive: true });
      for (const [path, text] of filesOf(volume, textsFor)) this.#write(join(mountPath, path), this.translate(text));
    }
  }

  /** Where a path of the Pod is here. `/tmp` stays what it is. */
  path(inPod: string): string {
    return inPod === '/tmp' ? inPod : join(this.folder, inPod);
  }

  /** A text of the Pod with its paths. */
  translate(text: string): string {
    return text.replaceAll(/\/(etc\/mkb|run\/mkb|mosquitto\/data|opt\/emqx)/g, path => this.path(path));
  }

  /** The command of a container, translated. */
  command(name: string): [command: string, ...args: string[]] {
    const { command } = [...this.#spec.initContainers, ...this.#spec.containers].find(each => each.name === name);
    return command.map((part: string) => this.translate(part));
  }

  #write(inPod: string, text: string): void {
    mkdirSync(dirname(this.path(inPod)), { recursive: true });
    writeFileSync(this.path(inPod), text);
  }
}

interface Item {
  readonly key: string;
  readonly path: string;
}

interface Source {
  readonly items?: readonly Item[];
  readonly name?: string;
  readonly secretName?: string;
  readonly optional?: boolean;
}

type Texts = (kind: string, name: string, optional?: boolean) => Readonly<Record<string, string>> | undefined;

function filesOf(
  volume: { configMap?: Source; secret?: Source; projected?: { sources: { secret?: Source; configMap?: Source }[] } },
  texts: Texts,
): [path: string, text: string][] {
  const { configMap, secret, projected } = volume;
  if (configMap) return chosen(configMap, texts('ConfigMap', configMap.name!));
  if (secret) return chosen(secret, texts('Secret', secret.secretName ?? secret.name!, secret.optional));
  return projected?.sources.flatMap(source => filesOf(source, texts)) ?? [];
}

function chosen({ items }: Source, texts: Readonly<Record<string, string>> | undefined): [string, string][] {
  if (texts === undefined) return [];
  if (!items) return Object.entries(texts);
  return items.map(({ key, path }) => {
    if (texts[key] === undefined) throw new Error(`There is no key ${key}`);
    return [path, texts[key]];
  });
}
