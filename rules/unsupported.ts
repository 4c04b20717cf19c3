import type { MqttKafkaBridge } from '../api/bridge.ts';
import { exactlyOnceParts } from './exactly-once.ts';
import { sourcesOf } from './sources.ts';
import type { UnsupportedPart } from './unsupported-part.ts';
import { unmountedTables } from './unsupported-tables.ts';

/**
 * What of the document would have to be ignored; it is refused instead.
 *
 * @param where a `process` runs the bridge alone; in a `cluster` the operator runs a broker for it, or looks one up
 */
export function unsupportedParts(document: MqttKafkaBridge, where: 'process' | 'cluster'): UnsupportedPart[] {
  const { spec } = document;
  const parts = exactlyOnceParts(document, buffersMqtt(spec));
  const refuse = (path: string, what: string, remedy: string) =>
    parts.push({ path, message: `This version of the bridge cannot ${what}.`, remedy });

  if (spec.mqtt.listen) for (const part of listenParts(spec)) parts.push(part);
  if (where === 'process') for (const part of operatorParts(spec)) parts.push(part);
  if (where === 'cluster')
    for (const part of [...unmountable(spec), ...unservable(spec), ...unmountedTables(spec)]) parts.push(part);
  const keepsSessions = spec.mqtt.listen !== undefined && spec.delivery.buffer.mode === 'disk';
  if (
    buffersMqtt(spec) &&
    !keepsSessions &&
    !spec.rules.some(({ sql }) => sourcesOf(sql).some(({ kind }) => kind === 'mqtt'))
  )
    refuse(
      'spec.delivery.buffer',
      'buffer what it does not read: no rule reads MQTT',
      'Leave out the buffer; Kafka keeps what a rule reads from it.',
    );
  return parts;
}

const writesMqtt = ({ sinks }: MqttKafkaBridge['spec']['rules'][number]): boolean =>
  sinks.some(({ mqtt }) => mqtt !== undefined);

/** What sinks cannot ask for whose messages go to the bridge's own clients. */
function sinkParts(
  { sinks }: MqttKafkaBridge['spec']['rules'][number],
  rule: string,
  mode: 'async' | 'sync',
): UnsupportedPart[] {
  return sinks.flatMap(({ mqtt }, index) => {
    const inTurn = mqtt !== undefined && (mqtt.queryMode ?? mode) === 'sync';
    const asked = [
      ['queryMode', inTurn, 'wait for each client before the next message', 'Write `queryMode: async` in the sink.'],
      ['retain', mqtt?.retain, 'retain messages', 'Leave it out, and publish them again in time.'],
      ['outcome', mqtt?.outcome, 'write what becomes of messages to clients', 'Leave it out.'],
      [
        'retry',
        mqtt?.retry,
        'give up a message to a client: its session keeps it',
        'Leave it out; see clients.sessions.',
      ],
    ] as const;
    return asked.flatMap(([field, value, what, remedy]) =>
      value
        ? [
            {
              path: `${rule}.sinks[${index}].mqtt${mqtt && field in mqtt ? `.${field}` : ''}`,
              message: `With mqtt.listen this version of the bridge cannot ${what}.`,
              remedy,
            },
          ]
        : [],
    );
  });
}

/** What a bridge that is the MQTT server itself does not do. */
function listenParts({ mqtt, rules, delivery }: MqttKafkaBridge['spec']): UnsupportedPart[] {
  const parts: UnsupportedPart[] = [];
  const refuse = (path: string, what: string, remedy: string) =>
    parts.push({ path, message: `With mqtt.listen this version of the bridge cannot ${what}.`, remedy });
  const broker = 'Connect devices to a broker and the bridge to it: spec.mqtt.url.';
  const sources = rules.map(({ sql }) => sourcesOf(sql));
  for (const [index, rule] of rules.entries()) {
    const path = `spec.rules[${index}]`;
    for (const part of sinkParts(rule, path, delivery.mode)) parts.push(part);
    const isOfSession = sources[index]!.some(each => each.kind === 'event' && /^bridge\.mqtt_/.test(each.event.name));
    if (isOfSession) refuse(`${path}.sql`, 'raise events of its connection to a broker: it has none', broker);
  }
  const isOfUse = sources.flat().some(({ kind }) => kind === 'mqtt') || rules.some(writesMqtt) || mqtt.clients?.route;
  if (!isOfUse)
    refuse(
      'spec.mqtt.listen',
      'do anything for clients: no rule reads or writes MQTT',
      'Add such a rule, or leave out listen.',
    );
  return parts;
}

/** Whether messages go through a buffer of their own, as anything but what every bridge has. */
export const buffersMqtt = ({ delivery: { buffer } }: MqttKafkaBridge['spec']): boolean =>
  buffer.mode === 'disk' ||
  (buffer.whenFull ?? 'block') !== 'block' ||
  buffer.maxAge !== undefined ||
  buffer.drainRate !== undefined;

/** What a process has nobody to do for it. */
function operatorParts({ mqtt, kafka }: MqttKafkaBridge['spec']): UnsupportedPart[] {
  const parts: UnsupportedPart[] = [];
  const refuse = (path: string, what: string, remedy: string) =>
    parts.push({ path, message: `The bridge cannot ${what}: the operator does.`, remedy });
  const url = 'Give the url of a broker in spec.mqtt.url.';
  if (mqtt.broker) refuse('spec.mqtt.broker', 'start a broker', url);
  if (mqtt.brokerRef) refuse('spec.mqtt.brokerRef', 'look up a broker', url);
  if (kafka.clusterRef)
    refuse(
      'spec.kafka.clusterRef',
      'look up a cluster',
      'Give host:port of the brokers in spec.kafka.bootstrapServers.',
    );
  return parts;
}

/** Folders of a bridge's container that have something else in them. */
const taken = ['/app', '/bin', '/dev', '/etc', '/home', '/lib', '/lib64', '/proc', '/run/mkb', '/sbin', '/sys', '/usr'];

/** The operator mounts a volume where the buffer is. */
function unmountable({ delivery: { buffer } }: MqttKafkaBridge['spec']): UnsupportedPart[] {
  const { mode, path } = buffer;
  if (mode !== 'disk' || path === undefined) return [];
  const covers = taken.some(
    folder => path === folder || path.startsWith(`${folder}/`) || folder.startsWith(`${path}/`),
  );
  if (/^(\/[\w.-]+)+$/.test(path) && !/\/\.\.?(\/|$)/.test(path) && !covers) return [];
  return [
    {
      path: 'spec.delivery.buffer.path',
      message: `A volume cannot be mounted at ${path} in a Pod of the bridge.`,
      remedy: 'Give the absolute path of a folder of its own, such as /var/lib/mkb.',
    },
  ];
}

/** Where a bridge in a Pod serves /metrics and its health. */
const httpPort = 9400;

/** What of `listen` no Service could lead to, and what nobody would come for: there is no drain without a session. */
function unservable({ mqtt: { listen = [] }, delivery: { buffer } }: MqttKafkaBridge['spec']): UnsupportedPart[] {
  const onVolumes = listen.length > 0 && buffer.mode === 'disk';
  const kept: UnsupportedPart = {
    path: 'spec.delivery.buffer.mode',
    message:
      'Nobody would deliver what waits on the volume of a replica that is scaled away, or of a bridge that is deleted.',
    remedy: 'Leave it out where the operator runs the bridge: clients keep what is not acknowledged.',
  };
  const ports = listen.flatMap(({ port, host }, index) => {
    const path = `spec.mqtt.listen[${index}]`;
    if (port === httpPort) {
      const message = `In a Pod of the bridge the port ${httpPort} is that of its metrics.`;
      return [{ path: `${path}.port`, message, remedy: 'Choose another port.' }];
    }
    if (host === undefined) return [];
    const message = 'A Pod gets its address when it starts, and clients come to that one.';
    return [{ path: `${path}.host`, message, remedy: 'Leave out `host` where the operator runs the bridge.' }];
  });
  return onVolumes ? [kept, ...ports] : ports;
}
