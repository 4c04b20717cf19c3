/** The Secret of the users that the operator makes up. */
import type { KubeObject } from '../../runtime/object.ts';
import { brokerUserSecretName } from '../names.ts';
import { secret } from '../parts.ts';
import type { Pipeline } from '../pipeline.ts';
import { ownUserKeysOf } from './users.ts';

/** The text that a key of a Secret of ours has had so far, or a new password. */
export const kept = ({ observed, newPassword }: Pipeline, secretName: string, key: string): string =>
  observed.secrets[secretName]?.[key] ?? newPassword();

/** @param others what else is made of the passwords, by key */
export function ownUsersSecret(
  pipeline: Pipeline,
  others: (passwords: Readonly<Record<string, string>>) => Readonly<Record<string, string>> = () => ({}),
): KubeObject {
  const name = brokerUserSecretName(pipeline.document.metadata.name);
  const keys = Object.values(ownUserKeysOf(pipeline.document.spec.mqtt.broker!.kind));
  const passwords = Object.fromEntries(keys.map(key => [key, kept(pipeline, name, key)]));
  return secret(pipeline, 'broker', name, { ...passwords, ...others(passwords) });
}
