/**
 * Everybody who may connect to a managed broker. The operator never reads the passwords of people: they are mounted into the first
 * container of the broker's Pod, which makes of them the file that the broker wants. That container is the broker's own image with a shell,
 * so nothing that people write may be part of a script: names come in a file, passwords in files or variables, and neither is an argument
 * of a command that others could see.
 */
import type { Secret } from '../../../api/schema/security.ts';
import { withoutTexts } from '../document-secrets.ts';
import { brokerUserSecretName } from '../names.ts';
import type { Pipeline } from '../pipeline.ts';
import { ownUserKeysOf } from './users.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Where each password of a Secret is mounted, in a file called by the number of its user. */
const mounted = '/run/mkb/passwords';

/** Where the container writes what the broker reads: in memory, and nowhere else. */
export const madeFolder = '/run/mkb/made';

/** Where the ConfigMap of a broker is mounted, and its key of the users. */
export const configFolder = '/etc/mkb';
export const usersKey = 'users';

interface BrokerUser {
  readonly username: string;
  readonly password: Secret;
}

/** Ours first. */
function allUsers({ document }: Pipeline): BrokerUser[] {
  const { metadata, spec } = withoutTexts(document);
  const name = brokerUserSecretName(metadata.name);
  const own = Object.entries(ownUserKeysOf(spec.mqtt.broker!.kind)).map(([username, key]) => ({
    username,
    password: { valueFrom: { secretKeyRef: { name, key } } },
  }));
  return [...own, ...spec.mqtt.broker!.users];
}

/** The users, one a line: whether the password is in a `file` or in the `env`, its name there, and the user name; tabs between. */
export const usersText = (pipeline: Pipeline): string =>
  allUsers(pipeline)
    .map(({ username, password }, index) => `${[...placeOf(password, index), username].join('\t')}\n`)
    .join('');

function placeOf({ valueFrom = {} }: Secret, index: number): [how: string, name: string] {
  if (valueFrom.env !== undefined) return ['env', valueFrom.env];
  return ['file', valueFrom.file ?? `${mounted}/${index}`];
}

/** The volume of all passwords that are in Secrets. */
export const passwordsVolume = (pipeline: Pipeline): Fields => ({
  name: 'passwords',
  projected: {
    // Read by the group of the Pod, which is its user's.
    defaultMode: 0o440,
    sources: allUsers(pipeline).flatMap(({ password }, index) => {
      const reference = password.valueFrom?.secretKeyRef;
      if (reference === undefined) return [];
      return [{ secret: { name: reference.name, items: [{ key: reference.key, path: `${index}` }] } }];
    }),
  },
});

/**
 * Goes through the users in a shell.
 *
 * @param before run first
 * @param each run for every user, with `$user` and `$password`, which is not empty and has no control characters
 * @param after run last
 */
export const passwordScript = ({ before = '', each, after = '' }: { before?: string; each: string; after?: string }) =>
  `set -eu
umask 077
tab=$(printf '\\t')
${before}
while IFS="$tab" read -r how name user; do
  case $how in
    env) password=$(printenv "$name") || password= ;;
    file) password=$(cat "$name") ;;
  esac
  case $password in
    '' | *[[:cntrl:]]*)
      printf 'The password of the user %s, from %s %s, must be a line of text, without control characters.\\n' "$user" "$how" "$name" >&2
      exit 1 ;;
  esac
  ${each}
done < ${configFolder}/${usersKey}
${after}`.replaceAll(/\n\n+/g, '\n');

/**
 * The container, which runs before the broker, and the volumes: of what it reads, and of what it makes.
 *
 * @param mounts of other volumes that the script needs
 */
export function passwordMaker(
  pipeline: Pipeline,
  image: string,
  script: string,
  mounts: readonly Fields[] = [],
): { initContainer: Fields; volumes: Fields[]; madeMount: Fields } {
  const made = { name: 'made', emptyDir: { medium: 'Memory', sizeLimit: '4Mi' } };
  const passwords = passwordsVolume(pipeline);
  return {
    initContainer: {
      name: 'passwords',
      image,
      command: ['/bin/sh', '-c', script],
      resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '64Mi' } },
      volumeMounts: [
        { name: 'config', mountPath: configFolder, readOnly: true },
        { name: passwords.name, mountPath: mounted, readOnly: true },
        { name: made.name, mountPath: madeFolder },
        // Programs that change a file make the new one here.
        { name: made.name, mountPath: '/tmp' },
        ...mounts,
      ],
    },
    volumes: [passwords, made],
    madeMount: { name: made.name, mountPath: madeFolder, readOnly: true },
  };
}
