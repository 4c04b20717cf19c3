/**
 * Who may connect to EMQX: its database of users, which it fills from a file when it starts [EMQX 5.7.2, `bootstrap_file`]. It adds users
 * that it does not know and leaves the others as they are, so that a new password would never count and a user who was taken away could
 * always come back.
 *
 * But each listener has users of its own when it has an authentication of its own. So the name of a listener is a hash of all users and
 * their passwords: whenever one of them changes, the listener is another, and nobody is known to it but those of the file.
 * https://docs.emqx.com/en/emqx/v5.8/access-control/authn/authn.html https://github.com/emqx/emqx/pull/13336
 */
import { hashOf } from '../../runtime/canonical.ts';
import type { KubeObject } from '../../runtime/object.ts';
import type { Pipeline } from '../pipeline.ts';
import { inputsOf } from '../pods.ts';
import { madeFolder, passwordScript, passwordsVolume, usersText } from './passwords.ts';

/** What EMQX reads; it goes by the ending. */
const usersFile = `${madeFolder}/users.json`;

/** Writes the file as JSON. */
export const emqxUsersScript = passwordScript({
  before: `quoted() { printf '%s' "$1" | sed 's/[\\\\"]/\\\\&/g; s/.*/"&"/'; }
separator='['
: > ${usersFile}`,
  each: `printf '%s{"user_id":%s,"password":%s}\\n' "$separator" "$(quoted "$user")" "$(quoted "$password")" >> ${usersFile}
  separator=,`,
  after: `echo ']' >> ${usersFile}`,
});

/** Letters and digits, all small: it is part of the name of an environment variable. */
export function listenerName(pipeline: Pipeline, made: readonly KubeObject[]): string {
  const { podTemplate } = pipeline.document.spec.mqtt.broker!;
  const inputs = inputsOf(pipeline, { made }, { volumes: [passwordsVolume(pipeline)], podTemplate });
  const hash = hashOf([usersText(pipeline), inputs]);
  return `users${Buffer.from(hash, 'base64url').toString('hex').slice(0, 16)}`;
}

/** `authentication` of a listener, as HOCON, of which JSON is a part. */
export const authentication = JSON.stringify([
  {
    mechanism: 'password_based',
    backend: 'built_in_database',
    user_id_type: 'username',
    password_hash_algorithm: { name: 'sha256', salt_position: 'suffix' },
    bootstrap_file: usersFile,
    bootstrap_type: 'plain',
  },
]);
