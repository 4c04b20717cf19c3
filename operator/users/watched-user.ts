/** An MqttUser as the operator works with it: complete, with the status that it has. */
import { type MqttUser, type UserStatus, userField } from '../../api/mqtt-user.ts';
import { fillDefaults } from '../../api/shape.ts';
import { type KubeObject, keyText } from '../runtime/object.ts';

export interface WatchedUser {
  readonly metadata: KubeObject['metadata'];
  readonly spec: MqttUser['spec'];
  readonly username: string;
  readonly status: UserStatus;
  readonly object: KubeObject;
}

export function watchedUser(object: KubeObject): WatchedUser {
  const { spec } = fillDefaults(userField, object) as MqttUser;
  const { metadata } = object;
  return {
    metadata,
    spec,
    username: spec.username ?? metadata.name,
    status: (object.status ?? {}) as UserStatus,
    object,
  };
}

/** The key of the bridge whose broker it is for. */
export function bridgeKeyOf({ metadata, spec }: KubeObject): string {
  const { bridgeRef } = (spec ?? {}) as { bridgeRef?: { name?: string } };
  return keyText({ namespace: metadata.namespace!, name: bridgeRef?.name ?? '' });
}

/** The Secret with the password: one that is named, or that the operator makes. */
export const passwordSecretOf = ({ metadata, spec }: Pick<WatchedUser, 'metadata' | 'spec'>): string =>
  spec.passwordFrom?.secretKeyRef.name ?? metadata.name;
