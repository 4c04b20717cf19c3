/**
 * What a running bridge does with a change of each field of the document.
 *
 * A field stands here, or a section above it does; one that does not is a failing test, so that none is ever ignored. Above means that the same is
 * true of every field of the section, those of the future included.
 */

/**
 * `rules`: rules are exchanged. `live`: the value is taken at once. `unread`: a process does not read it, the operator or `mkb test` does.
 * `restart`: it needs other connections or other files, and is refused with its name.
 */
export type Handling = 'rules' | 'live' | 'unread' | 'restart';

export const handlingOf: Readonly<Record<string, Handling>> = {
  apiVersion: 'restart',
  kind: 'restart',
  'metadata.name': 'restart',
  'metadata.namespace': 'unread',
  'metadata.labels': 'unread',
  // But for who the bridge is to its brokers, which `changes.ts` sees to.
  'metadata.annotations': 'unread',
  status: 'unread',

  'spec.rules': 'rules',
  'spec.schemas': 'restart',
  // What a file holds is read again all the same.
  'spec.tables': 'restart',

  'spec.delivery.retry': 'rules',
  'spec.delivery.limits': 'live',
  'spec.delivery.shutdownTimeout': 'live',
  'spec.delivery.mode': 'restart',
  'spec.delivery.guarantee': 'restart',
  'spec.delivery.commitInterval': 'restart',
  'spec.delivery.sessionTopic': 'restart',
  'spec.delivery.buffer': 'restart',
  'spec.delivery.onFailure': 'restart',

  'spec.kafka.topics': 'live',
  'spec.kafka.producer.linger': 'live',
  'spec.kafka.producer.compression': 'live',
  'spec.kafka.producer.acks': 'restart',
  'spec.kafka.producer.idempotent': 'restart',
  'spec.kafka.producer.batchBytes': 'restart',
  'spec.kafka.producer.maxRequestBytes': 'restart',
  'spec.kafka.bootstrapServers': 'restart',
  'spec.kafka.clusterRef': 'restart',
  'spec.kafka.clientId': 'restart',
  'spec.kafka.auth': 'restart',
  'spec.kafka.tls': 'restart',
  'spec.kafka.connectTimeout': 'restart',
  'spec.kafka.requestTimeout': 'restart',
  'spec.kafka.consumer': 'restart',
  'spec.kafka.topicDefaults': 'restart',

  'spec.mqtt.url': 'restart',
  'spec.mqtt.urls': 'restart',
  'spec.mqtt.broker': 'restart',
  'spec.mqtt.brokerRef': 'restart',
  'spec.mqtt.listen': 'restart',
  'spec.mqtt.clients': 'restart',
  'spec.mqtt.version': 'restart',
  'spec.mqtt.clientId': 'restart',
  'spec.mqtt.share': 'restart',
  'spec.mqtt.qos': 'restart',
  'spec.mqtt.retained': 'restart',
  'spec.mqtt.unsubscribe': 'live',
  'spec.mqtt.sessionExpiry': 'restart',
  'spec.mqtt.receiveMaximum': 'restart',
  'spec.mqtt.keepAlive': 'restart',
  'spec.mqtt.connectTimeout': 'restart',
  'spec.mqtt.reconnect': 'restart',
  'spec.mqtt.maximumPacketSize': 'restart',
  'spec.mqtt.auth': 'restart',
  'spec.mqtt.tls': 'restart',
  'spec.mqtt.webSocket': 'restart',

  'spec.bridge': 'unread',
  'spec.monitoring': 'unread',
  'spec.metadata': 'unread',
  'spec.overrides': 'unread',
};
