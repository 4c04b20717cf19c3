/**
 * Whether a bridge could run with this document, here and now: everything that it would need is tried by its own clients, one after the other, and
 * nothing is changed. What fails is found with its remedy, and the rest is looked at all the same.
 */
import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../api/errors.ts';
import { type BridgeOptions, prepareParts } from '../parts.ts';
import { checkOwnCertificates, checkServerCertificates } from './certificates.ts';
import { attempt, type Check, found, passed } from './check.ts';
import { checkKafka } from './kafka.ts';
import { checkLogins } from './logins.ts';
import { checkMqtt } from './mqtt.ts';
import { checkRegistries } from './registries.ts';
import { topicUses } from './topic-uses.ts';

export async function* examine(document: MqttKafkaBridge, options: BridgeOptions): AsyncGenerator<Check> {
  const prepared = prepareParts(document, options);
  const secrets = await attempt('secrets and certificates', async () => {
    await prepared;
    return 'can be read';
  });
  yield secrets;
  if (secrets.state !== 'ok') return;
  const { session, listen, mqttSource, clientsBuffer, kafkaSource, kafkaSink, mqttSink, jq, registries } =
    await prepared;
  try {
    yield* checkOwnCertificates(document.spec, options.secrets);
    const buffer = mqttSource?.buffer ?? clientsBuffer;
    if (buffer?.store) yield checkFolder(buffer.store.folder, buffer.maxBytes);
    const mqtt = mqttSource?.session ?? mqttSink?.publisher;
    if (mqtt) yield* checkMqtt({ ...mqtt, subscriptions: mqttSource?.session.subscriptions ?? [] });
    else if (session === undefined) yield passed('MQTT', 'the bridge is the server itself (mqtt.listen)');
    if (listen) yield* checkLogins(listen.login.methods);
    const cluster = kafkaSink?.producer.cluster ?? kafkaSource?.consumer.cluster;
    const largestRecord = kafkaSink?.producer.maxRequestBytes;
    if (cluster)
      yield* checkKafka({ cluster, uses: topicUses(document.spec), consumer: kafkaSource?.consumer, largestRecord });
    yield* checkRegistries(registries);
    const { tls, bootstrapServers = [] } = document.spec.kafka;
    yield* checkServerCertificates(mqtt?.urls ?? [], tls && cluster ? bootstrapServers : []);
  } finally {
    jq.close();
    registries.close();
  }
}

const checkFolder = async (folder: string, maxBytes: number): Promise<Check> => {
  const name = `buffer ${folder}`;
  try {
    const at = await writable(folder);
    const { bavail, bsize } = await statfs(at);
    const sizes = { free: mebibytes(bavail * bsize), wanted: mebibytes(maxBytes) };
    if (bavail * bsize < maxBytes)
      return found(name, new MkbError('buffer-disk-small', { folder, ...sizes }), 'warning');
    return passed(name, `can be ${at === folder ? 'written' : 'made'}, and has ${sizes.free} free`);
  } catch (error) {
    return found(name, asMkbError(error));
  }
};

const mebibytes = (bytes: number): string => `${Math.floor(bytes / 2 ** 20)} MiB`;

/** The folder, or the nearest one above it that is there, since the bridge makes the rest. Throws `buffer-unusable`. */
const writable = async (folder: string): Promise<string> => {
  for (let at = folder; ; at = dirname(at)) {
    const there = await stat(at).catch(() => undefined);
    if (there === undefined && at !== dirname(at)) continue;
    try {
      if (!there?.isDirectory()) throw new Error(`${at} is no folder`);
      await access(at, constants.W_OK | constants.X_OK);
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      throw new MkbError('buffer-unusable', { folder, reason: code ?? message }, { cause });
    }
    return at;
  }
};
