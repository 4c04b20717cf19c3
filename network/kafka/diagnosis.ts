/**
 * A second look at a broker that closed without an answer. Kafka has no words for a client that comes without TLS or without a login: it
 * closes. So it is asked what any client may ask before a login, and whatever else listens there gives itself away.
 *
 * Only for first contact: a broker that has answered before and closes now is being restarted.
 */
import { isIP } from 'node:net';
import { MkbError } from '../../api/errors.ts';
import { networkReason, tlsFailure } from '../connect-failure.ts';
import { firstAnswer, speaksTls } from '../probe.ts';
import { spokenBy } from '../spoken.ts';
import type { SecureOptions } from './security.ts';

/** Errors that another look may explain. */
const unclear: ReadonlySet<string> = new Set(['kafka-unreachable', 'kafka-request-failed', 'tls-failed']);

/** The error of a first contact, or what a second look at these brokers says that it is. */
export async function explain(error: unknown, servers: readonly string[], secure: SecureOptions): Promise<unknown> {
  if (!MkbError.is(error) || !unclear.has(error.code)) return error;
  const looks = servers.slice(0, mostLooks).map(server => diagnose(server, secure).catch(() => undefined));
  return (await Promise.all(looks)).find(found => found !== undefined) ?? error;
}

/** One listener is like the next: a long list is not looked at to its end. */
const mostLooks = 3;

async function diagnose(address: string, secure: SecureOptions): Promise<MkbError | undefined> {
  const { host, port } = hostAndPort(address);
  const { bytes, error } = await firstAnswer(host, port, apiVersions);
  // Nobody is there, and so there is nothing to find out.
  if (error && networkReason(error) !== undefined && !/^(ECONNRESET|EPIPE)$/.test(codeOf(error))) return undefined;
  const plainKafka = bytes !== undefined && isAnswer(bytes);
  if (secure.tls)
    return plainKafka ? new MkbError('tls-not-spoken', { peer: `Kafka at ${address}` }) : overTls(address, secure);
  if (plainKafka) return secure.sasl ? undefined : loginWanted(address, undefined);
  const spoken = bytes && spokenBy(bytes);
  if (spoken === 'TLS' || (spoken === undefined && (await speaksTls(host, port))))
    return new MkbError('kafka-tls-wanted', { address });
  return spoken === undefined ? otherProtocol(address) : new MkbError('kafka-not-spoken', { address, spoken });
}

async function overTls(address: string, { tls, tlsServerName, sasl }: SecureOptions): Promise<MkbError | undefined> {
  const { host, port } = hostAndPort(address);
  const named = typeof tlsServerName === 'string' ? { servername: tlsServerName } : {};
  const options = { ...tls, ...named };
  const { bytes, error } = await firstAnswer(host, port, apiVersions, options);
  if (error) return tlsFailure(error, `Kafka at ${address}`, tls?.cert !== undefined);
  if (bytes === undefined) return undefined;
  if (isAnswer(bytes)) return sasl ? undefined : loginWanted(address, options);
  return new MkbError('kafka-not-spoken', { address, spoken: spokenBy(bytes) ?? 'something else' });
}

/** A listener without a login answers ILLEGAL_SASL_STATE; one with, which mechanisms it has (KIP-43). */
async function loginWanted(address: string, tls: SecureOptions['tls']): Promise<MkbError | undefined> {
  const { host, port } = hostAndPort(address);
  const { bytes } = await firstAnswer(host, port, saslHandshake, tls);
  if (bytes === undefined || !isAnswer(bytes) || bytes.length < 14) return undefined;
  const errorCode = bytes.readInt16BE(8);
  if (errorCode !== 0 && errorCode !== unsupportedMechanism) return undefined;
  return new MkbError('kafka-login-wanted', { address, offered: mechanismsIn(bytes.subarray(10)).join(', ') });
}

async function otherProtocol(address: string): Promise<MkbError | undefined> {
  const { host, port } = hostAndPort(address);
  for (const question of [mqttConnect, httpGet]) {
    const { bytes } = await firstAnswer(host, port, question);
    const spoken = bytes && spokenBy(bytes);
    if (spoken !== undefined) return new MkbError('kafka-not-spoken', { address, spoken });
  }
  return undefined;
}

const unsupportedMechanism = 33;

/** A request: its key, version, correlation id 1, no client id, body. https://kafka.apache.org/protocol */
const request = (key: number, version: number, body: Buffer): Buffer => {
  const header = Buffer.from([0, key, 0, version, 0, 0, 0, 1, 0xff, 0xff]);
  const length = Buffer.alloc(4);
  length.writeInt32BE(header.length + body.length);
  return Buffer.concat([length, header, body]);
};
const apiVersions = request(18, 0, Buffer.alloc(0));
const saslHandshake = request(17, 1, Buffer.concat([Buffer.from([0, 5]), Buffer.from('PLAIN')]));
/** A client without a name, of MQTT 3.1.1. */
const mqttConnect = Buffer.from([0x10, 12, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 5, 0, 0]);
const httpGet = Buffer.from('GET / HTTP/1.0\r\n\r\n');

/** Whether it is an answer to one of our requests: a length, and its correlation id. */
const isAnswer = (bytes: Buffer): boolean =>
  bytes.length >= 8 && bytes.readInt32BE(0) < 2 ** 20 && bytes.readInt32BE(4) === 1;

function mechanismsIn(bytes: Buffer): string[] {
  const names: string[] = [];
  let at = 4;
  for (let left = bytes.readInt32BE(0); left > 0 && at + 2 <= bytes.length; left--) {
    const length = bytes.readInt16BE(at);
    names.push(bytes.toString('utf8', at + 2, at + 2 + length).toLowerCase());
    at += 2 + length;
  }
  return names;
}

const codeOf = (error: Error): string => (error as NodeJS.ErrnoException).code ?? '';

/** Of `host:port`; an IPv6 address comes without its brackets. */
export function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(colon + 1)) };
}

/** What a connection to `host` is made with: an address is not a name that TLS may ask for (RFC 6066, 3). */
export const secureOptionsFor = (host: string, secure: SecureOptions): SecureOptions =>
  isIP(host) > 0 && secure.tlsServerName === true ? { ...secure, tlsServerName: false } : secure;
