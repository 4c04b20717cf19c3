/** A Kafka record or an MQTT message, as a sink has made it. */
export interface Sent {
  readonly topic: string;
  readonly key?: Buffer | undefined;
  readonly value: Buffer | undefined;
  readonly headers: readonly (readonly [name: string, value: Buffer | string | undefined])[];
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
}
