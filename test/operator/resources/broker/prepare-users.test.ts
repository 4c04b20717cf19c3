/** What the first container of a managed Mosquitto makes for MqttUsers, with an image that has their plugin and with one that has not. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { prepareUsers } from '../../../../operator/resources/broker/mosquitto-users.ts';
import { userLine } from '../../../../operator/resources/broker/user-lines.ts';
import { withoutUsersNote } from '../../../../operator/resources/broker/users-note.ts';
import { removeFolder, temporaryFolder } from '../../../real/cleanup.ts';

let folder: string;
const at = (path: string) => join(folder, path);
const plugin = '/usr/lib/mosquitto_dynamic_security.so';

beforeEach(() => {
  folder = temporaryFolder('prepare-users');
  for (const each of ['usr/lib', 'run/mkb/made', 'run/mkb/dynamic', 'run/mkb/users', 'dev']) {
    mkdirSync(at(each), { recursive: true });
  }
});
afterEach(() => removeFolder(folder));

/** Everything that the script names is in the folder. */
function prepare(script = prepareUsers) {
  const here = script.replaceAll(/\/(usr\/lib|run\/mkb|dev\/termination-log)/g, path => at(path));
  return spawnSync('/bin/sh', ['-c', `set -eu\n${here}`], { encoding: 'utf8' });
}

// Without the plugin the broker ran, and each MqttUser was said to be in force.
test('without the plugin the broker starts, and the operator can read that it is missing', () => {
  expect(prepare()).toMatchObject({ status: 0, stderr: '' });
  expect(existsSync(at('run/mkb/made/conf.d/users.conf'))).toBe(false);
  expect(readFileSync(at('dev/termination-log'), 'utf8').trim()).toBe(withoutUsersNote);
});

test('the broker starts also where nothing can be left for the operator', () => {
  expect(prepare(prepareUsers.replace('termination-log', 'none/log'))).toMatchObject({ status: 0, stderr: '' });
});

test('with the plugin it begins with every user, whatever is in their passwords', () => {
  writeFileSync(at(plugin), '');
  const password = '$(id) `id` "\'\\ %s & ü \u2028';
  const acls = [{ topic: 'a/&/${username}', action: 'all', permission: 'deny' }] as const;
  writeFileSync(at('run/mkb/users/users'), `${userLine({ username: 'a.b@c', password, acls }, 'key')}\n`);
  expect(prepare()).toMatchObject({ status: 0, stderr: '' });
  expect(existsSync(at('dev/termination-log'))).toBe(false);
  expect(readFileSync(at('run/mkb/made/conf.d/users.conf'), 'utf8')).toContain(`plugin ${at(plugin)}\n`);
  const { clients, roles } = JSON.parse(readFileSync(at('run/mkb/dynamic/users.json'), 'utf8'));
  expect(clients).toMatchObject([{ username: 'a.b@c', roles: [{ rolename: 'a.b@c' }] }]);
  expect(roles[0].acls[0]).toEqual({ acltype: 'publishClientSend', topic: 'a/&/a.b@c', priority: 0, allow: false });
});
