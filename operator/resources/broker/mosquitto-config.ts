/** mosquitto.conf [mosquitto.conf(5)]. */
import { durationMs } from '../../../api/units.ts';
import type { Pipeline } from '../pipeline.ts';
import { brokerPorts } from './address.ts';
import { pluginFolder } from './mosquitto-users.ts';
import { madeFolder } from './passwords.ts';
import { certFile, keyFile } from './storage.ts';

/** Where its data is in the image. */
export const mosquittoData = '/mosquitto/data';

/** The file of users and hashed passwords. */
export const passwordFile = `${madeFolder}/users`;

/** Who may use which topics. */
export const accessFilePath = `${madeFolder}/access`;

const hour = 3_600_000;
const week = 7 * 24;

export function mosquittoConfig({ document }: Pipeline): string {
  const { broker, receiveMaximum, sessionExpiry } = document.spec.mqtt;
  const { anonymous, tls } = broker!;
  const keptHours = Math.max(Math.ceil(durationMs(sessionExpiry) / hour), week);
  return `listener ${brokerPorts.mqtt}
${tls ? `\nlistener ${brokerPorts.mqtts}\ncertfile ${certFile}\nkeyfile ${keyFile}\n` : ''}
allow_anonymous ${anonymous}
password_file ${passwordFile}
acl_file ${accessFilePath}
include_dir ${pluginFolder}

# Mosquitto works in memory. It writes all of it when it ends, and every five seconds, which a crash loses.
persistence true
persistence_location ${mosquittoData}/
autosave_interval 5

# Never drop what waits for the bridge while Kafka or the bridge is away (the limit would be 1,000 messages).
max_queued_messages 0

# But what waits for a client that is not coming back does not pile up for ever.
persistent_client_expiration ${keptHours}h

# How many messages a client may owe an acknowledgement for: as many as the bridge takes. MQTT 3.1.1 lets only the broker say so.
max_inflight_messages ${receiveMaximum}
set_tcp_nodelay true

# Figures for the exporter, every five seconds.
sys_interval 5
log_dest stdout
`;
}
