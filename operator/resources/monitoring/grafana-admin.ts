/** The password of Grafana's `admin`: the document's, or one that is made up once and kept in a Secret. */
import type { KubeObject } from '../../runtime/object.ts';
import { type SecretKey, withoutTexts } from '../document-secrets.ts';
import { grafanaSecretName } from '../names.ts';
import { secret } from '../parts.ts';
import type { Pipeline } from '../pipeline.ts';
import { secretFile } from '../read-volumes.ts';

/** Keys of the Secret. */
const keys = { username: 'username', password: 'password' } as const;

/** None where the document has a password. */
export function adminSecret(pipeline: Pipeline): KubeObject[] {
  const { document, observed, newPassword } = pipeline;
  if (document.spec.monitoring!.grafana!.adminPassword) return [];
  const name = grafanaSecretName(document.metadata.name);
  const password = observed.secrets[name]?.[keys.password] ?? newPassword();
  return [secret(pipeline, 'grafana', name, { [keys.username]: 'admin', [keys.password]: password })];
}

export interface AdminPassword {
  /** What Grafana takes for the password when it stands in a setting. https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/#variable-expansion */
  readonly expression: string;
  /** The key of a Secret to mount, if it is one. */
  readonly secrets: readonly SecretKey[];
}

export function adminPassword({ document }: Pipeline): AdminPassword {
  const { adminPassword: given } = withoutTexts(document).spec.monitoring!.grafana!;
  const { env, file, secretKeyRef } = given?.valueFrom ?? {};
  // These two are what people put into the Pod by `podTemplate`.
  if (env !== undefined) return { expression: `$__env{${env}}`, secrets: [] };
  if (file !== undefined) return { expression: `$__file{${file}}`, secrets: [] };
  const key = secretKeyRef ?? { name: grafanaSecretName(document.metadata.name), key: keys.password };
  return { expression: `$__file{${secretFile(key)}}`, secrets: [key] };
}
