/** What a server speaks, by the first bytes that it says; undefined for what has no beginning that one could know. */
export function spokenBy(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 16)).toString('latin1');
  // A record of TLS: handshake or alert, version 3.x (RFC 8446, 5.1).
  if ((bytes[0] === 0x15 || bytes[0] === 0x16) && bytes[1] === 3 && (bytes[2] ?? 0) <= 4) return 'TLS';
  if (/^HTTP\/[0-9]/.test(text) || /^\s*<(!doctype|html)/i.test(text)) return 'HTTP';
  if (text.startsWith('SSH-')) return 'SSH';
  if (/^220[ -]/.test(text)) return 'SMTP or FTP';
  if (text.startsWith('AMQP')) return 'AMQP';
  if (/^(-ERR|\+OK|\+PONG|-NOAUTH|-DENIED)/.test(text)) return 'Redis';
  // CONNACK of MQTT, which has two flags at most and a length of one byte here [MQTT-3.2.2].
  if (bytes[0] === 0x20 && (bytes[1] ?? 0) >= 2 && (bytes[1] ?? 0) < 128 && (bytes[2] ?? 0) <= 1) return 'MQTT';
  return undefined;
}
