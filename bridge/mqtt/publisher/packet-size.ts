/** How large the parts of a PUBLISH are (MQTT 5, 3.3). */

type UserProperties = readonly (readonly [name: string, value: string])[];

/** Each is its identifier and two strings behind their lengths. */
export const propertyBytes = (properties: UserProperties): number =>
  properties.reduce((sum, [name, value]) => sum + 5 + Buffer.byteLength(name) + Buffer.byteLength(value), 0);

/** With a packet identifier. Undefined `userProperties` means no property length either: MQTT 3.1.1. */
export function remainingLength({
  topic,
  payload,
  userProperties,
}: {
  readonly topic: string;
  readonly payload: Buffer;
  readonly userProperties: UserProperties | undefined;
}): number {
  const properties = userProperties && propertyBytes(userProperties);
  const propertyPart = properties === undefined ? 0 : lengthOfLength(properties) + properties;
  return 2 + Buffer.byteLength(topic) + 2 + propertyPart + payload.length;
}

/** Bytes of a variable byte integer (MQTT 5, 1.5.5). */
export function lengthOfLength(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  return value < 0x20_0000 ? 3 : 4;
}
