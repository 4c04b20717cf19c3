/** Packets as hexadecimal digits, for clients that say what they should not. */

/** A packet: its first byte, and its body in hexadecimal digits. */
export const packet = (first: number, ...body: string[]): string => {
  const bytes = body.join('').replaceAll(' ', '');
  const length = bytes.length / 2;
  const lengthBytes = length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7];
  return Buffer.from([first, ...lengthBytes]).toString('hex') + bytes;
};
export const text = (value: string): string => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]).toString('hex');
};
export const mqttName: string = text('MQTT');
/** CONNECT of MQTT 5 with a clean start and a keep-alive of 60 s, up to its properties. */
export const connect5 = (rest: string, flags = '02'): string => packet(0x10, mqttName, '05', flags, '003c', rest);
export const connect4 = (rest: string, flags = '02'): string => packet(0x10, mqttName, '04', flags, '003c', rest);
export const publish = (first: number, topic: string, rest: string): string => packet(first, text(topic), rest);
