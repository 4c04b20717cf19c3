/**
 * How a Mosquitto that runs learns of MqttUsers. Its plugin `dynamic_security` keeps users beside those of the file of passwords, and takes new ones
 * as messages. A container beside the broker reads the Secret of them, which the kubelet keeps new, and publishes what has changed since.
 *
 * SIGHUP, by which Mosquitto reads its files again, is not used: of a session that waits for its client since before the broker's last start it
 * forgets what the user may read, and drops what comes for it (https://github.com/eclipse-mosquitto/mosquitto/issues/2934).
 *
 * Scripts get names and passwords as data, never as a part of themselves: see passwords.ts. What they need is in every image of Mosquitto: a
 * shell, awk, mosquitto_pub.
 */
import { brokerUserSecretName, brokerUsersSecretName } from '../names.ts';
import { brokerPorts } from './address.ts';
import { madeFolder } from './passwords.ts';
import { managerUser } from './users.ts';
import { withoutUsersNote } from './users-note.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Key of the Secret of users: see user-lines.ts. */
export const userLinesKey = 'users';

/** Where that is mounted; there is no file before the first user. */
const wantedFolder = '/run/mkb/users';
const wanted = `${wantedFolder}/${userLinesKey}`;

/** What the plugin keeps, and what it was given, in memory. */
const keptFolder = '/run/mkb/dynamic';
const applied = 'applied';

/** Further files of the configuration: the plugin, if the image has it. */
export const pluginFolder = `${madeFolder}/conf.d`;

/** Options of mosquitto_pub, which reads them from a file of its name. */
export const managerKey = 'mosquitto_pub';
const managerFolder = '/run/mkb/manager';
export const managerOptions = (password: string) =>
  `-h 127.0.0.1\n-p ${brokerPorts.mqtt}\n-u ${managerUser}\n-P ${password}\n`;

/** Topics by which the plugin is managed. */
export const controlTopic = '$CONTROL/dynamic-security/v1';

/** Functions of awk for the fields of a line, as JSON of the plugin. The first of several entries for a topic decides. Not by sprintf, whose texts some awks limit. */
const awkFunctions = `
function text(name, value) { return "\\"" name "\\":\\"" value "\\"" }
function entry(type, topic, allow, priority) {
  if ((type, topic) in seen) return ""
  seen[type, topic] = 1
  return (count++ ? "," : "") "{" text("acltype", type) "," text("topic", topic) ",\\"priority\\":" priority ",\\"allow\\":" allow "}"
}
function acls(spec,   parts, n, i, allow, action, topic, all) {
  n = split(spec, parts, " "); split("", seen); count = 0; all = ""
  for (i = 1; i <= n; i++) {
    allow = substr(parts[i], 1, 1) == "a" ? "true" : "false"
    action = substr(parts[i], 2, 1); topic = substr(parts[i], 3)
    if (action != "s") all = all entry("publishClientSend", topic, allow, n - i)
    if (action != "p") all = all entry("publishClientReceive", topic, allow, n - i)
    if (action != "p") all = all entry("subscribePattern", topic, allow, n - i)
  }
  return all
}
function role() { return text("rolename", $1) ",\\"acls\\":[" acls($5) "]" }
function roles() { return "\\"roles\\":[{" text("rolename", $1) "}]" }
function command(name, fields) { return "{" text("command", name) "," fields "}" }
function gone(user) { return command("deleteClient", text("username", user)) "," command("deleteRole", text("rolename", user)) }
`;

/** The plugin's own file, with all users. What nothing allows is left to the file of access, which has patterns for everybody. */
const awkState = `${awkFunctions}
NF == 5 {
  clients = clients (clients ? "," : "") "{" text("username", $1) "," roles() "," text("password", $4) "," text("salt", $3) ",\\"iterations\\":101}"
  all = all (all ? "," : "") "{" role() "}"
}
END {
  print "{\\"clients\\":[" clients "],\\"groups\\":[],\\"roles\\":[" all "],"
  print "\\"defaultACLAccess\\":{\\"publishClientSend\\":false,\\"publishClientReceive\\":false,\\"subscribe\\":false,\\"unsubscribe\\":true}}"
}
`;

/** From the lines before and after to a message for each user that has changed. Only those users have their connections ended. */
const awkChanges = `${awkFunctions}
FILENAME == ARGV[1] { before[$1] = $0; next }
NF == 5 {
  wanted[$1] = 1
  if (before[$1] == $0) next
  print "{\\"commands\\":[" gone($1) "," command("createRole", role()) "," command("createClient", text("username", $1) ",\\"password\\":" $2 "," roles()) "]}"
}
END { for (user in before) if (!(user in wanted)) print "{\\"commands\\":[" gone(user) "]}" }
`;

/** Run before the broker starts, after its file of passwords was made: so it begins with every user. That there is no plugin is noted where the kubelet reads it. */
export const prepareUsers = `mkdir -p ${pluginFolder}
cat ${wanted} > ${keptFolder}/${applied} 2> /dev/null || : > ${keptFolder}/${applied}
for plugin in /usr/lib/mosquitto_dynamic_security.so /usr/lib/*/mosquitto_dynamic_security.so; do
  [ -f "$plugin" ] || continue
  awk -F '\\t' '${awkState}' ${keptFolder}/${applied} > ${keptFolder}/users.json
  printf 'plugin %s\\nplugin_opt_config_file ${keptFolder}/users.json\\n' "$plugin" > ${pluginFolder}/users.conf
  break
done
[ -f ${pluginFolder}/users.conf ] || { echo '${withoutUsersNote}' > /dev/termination-log; } 2> /dev/null || :`;

/**
 * Goes on for as long as the Pod. It never ends by itself: a container that has ended would take the broker out of its Service. Where the broker does
 * not answer, it is given all that has changed again: each message says all that there is of a user.
 *
 * It ends with the Pod, at once: the first process of a container gets no SIGTERM that it does not ask for, and a shell runs its trap only between
 * commands, or in `wait`. Otherwise each roll of the broker would take all of the Pod's grace period.
 */
export const watchUsers = `umask 077
trap 'exit 0' TERM
cd ${keptFolder}
while :; do
  sleep 2 & wait $!
  cat ${wanted} > next 2> /dev/null || continue
  cmp -s next ${applied} && continue
  if [ ! -f ${pluginFolder}/users.conf ]; then
    echo 'This image has no mosquitto_dynamic_security.so in /usr/lib: MqttUsers cannot connect.' >&2
    mv next ${applied}
    continue
  fi
  awk -F '\\t' '${awkChanges}' ${applied} next > changes
  if [ -s changes ]; then
    timeout 600 mosquitto_pub -l -q 1 -t '${controlTopic}' < changes > /dev/null &
    if ! wait $!; then
      echo 'The broker did not take the changed users; it is retried.' >&2
      continue
    fi
  fi
  mv next ${applied}
done`;

const kept = { name: 'dynamic', mountPath: keptFolder };
const wantedMount = { name: 'users', mountPath: wantedFolder, readOnly: true };

/** For the container that prepares, and for the broker, which keeps its file up to date. */
export const prepareMounts: readonly Fields[] = [kept, wantedMount];
export const brokerMounts: readonly Fields[] = [kept];

/** The container that watches. */
export const usersContainer = (image: string): Fields => ({
  name: 'users',
  image,
  command: ['/bin/sh', '-c', watchUsers],
  env: [{ name: 'XDG_CONFIG_HOME', value: managerFolder }],
  resources: { requests: { cpu: '5m', memory: '16Mi' }, limits: { memory: '64Mi' } },
  volumeMounts: [
    kept,
    wantedMount,
    { name: 'made', mountPath: madeFolder, readOnly: true },
    { name: 'manager', mountPath: managerFolder, readOnly: true },
  ],
});

export const usersVolumes = (bridge: string): readonly Fields[] => [
  { name: 'dynamic', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
  {
    name: 'users',
    secret: {
      secretName: brokerUsersSecretName(bridge),
      optional: true,
      defaultMode: 0o440,
      items: [{ key: userLinesKey, path: userLinesKey }],
    },
  },
  {
    name: 'manager',
    secret: {
      secretName: brokerUserSecretName(bridge),
      defaultMode: 0o440,
      items: [{ key: managerKey, path: managerKey }],
    },
  },
];
