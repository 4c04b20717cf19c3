/** How messages go where something was proved of them. */
export const ways = {
  qos1: 'MQTT to Kafka, QoS 1',
  qos2: 'MQTT to Kafka, QoS 2',
  /** @param buffer in words */
  buffer: (qos: 0 | 1, buffer: string) => `MQTT to Kafka, QoS ${qos}, buffer: ${buffer}` as const,
  records: 'Kafka to MQTT, QoS 1',
  mqttToMqtt: 'MQTT to MQTT, QoS 1',
  kafkaToKafka: 'Kafka to Kafka',
} as const;

type Ways = typeof ways;
export type Way = Exclude<Ways[keyof Ways], Ways['buffer']> | ReturnType<Ways['buffer']>;
