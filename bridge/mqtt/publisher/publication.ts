/** A message to be published. What is behind `retain` is of MQTT 5 only: an MQTT 3.1.1 server is not sent it. */
export interface Publication {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly userProperties: readonly (readonly [name: string, value: string])[];
  readonly contentType?: string | undefined;
  readonly responseTopic?: string | undefined;
  readonly correlationData?: Buffer | undefined;
  /** Payload Format Indicator: 0 bytes, 1 UTF-8. */
  readonly payloadFormat?: 0 | 1 | undefined;
  readonly expiry?: Expiry | undefined;
}

/** How long somebody may want the message. It counts whatever the server speaks: after it the message is not sent. */
export interface Expiry {
  readonly seconds: number;
  /** From when they count, milliseconds since 1970. */
  readonly from: number;
}

/** What is left of it in whole seconds, as Message Expiry Interval has them; 0 when its time is over. */
export function secondsLeft({ seconds, from }: Expiry, now: number): number {
  const left = Math.ceil(seconds - (now - from) / 1000);
  return Math.min(largestExpiry, Math.max(0, left));
}

/** A four byte integer (MQTT 5, 3.3.2.3.3). */
export const largestExpiry = 4_294_967_295;
