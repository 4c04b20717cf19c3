/**
 * X.509 certificates for the demo's TLS, made with Node alone: an authority, and a server certificate that it signs.
 *
 * Node can make keys and signatures but not certificates, and none of the demo's images has a tool that makes them in the form that all
 * parts read. A certificate is little more than a signed list of fields in DER, so the few fields that TLS needs are written here
 * [RFC 5280, 4.1]. For a demo on one machine: keys are not protected by a password, and nothing can be revoked.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface Certificate {
  /** The certificate in PEM. */
  readonly certificate: string;
  /** Its private key in PEM (PKCS #8, not encrypted). */
  readonly key: string;
}

export interface Authority extends Certificate {
  readonly name: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface Validity {
  readonly from: Date;
  readonly days: number;
}

/** Makes an authority that signs itself and may sign servers, and nothing below them. */
export function makeAuthority(name: string, validity: Validity): Authority {
  const { privateKey, publicKey } = newKey();
  const extensions = [
    extension('2.5.29.19', true, sequence(boolean(true), integer(Buffer.from([0])))), // basicConstraints: CA, path length 0
    extension('2.5.29.15', true, bits(1, 0x06)), // keyUsage: keyCertSign, cRLSign
    extension('2.5.29.14', false, octets(keyIdentifier(publicKey))),
  ];
  const certificate = signed({ issuer: name, subject: name, validity, publicKey, extensions }, privateKey);
  return { name, privateKey, publicKey, certificate, key: pem(privateKey) };
}

/** Makes a server's certificate for DNS names; the address 127.0.0.1 is always in it. */
export function makeServer(authority: Authority, names: readonly string[], validity: Validity): Certificate {
  const { privateKey, publicKey } = newKey();
  const alternatives = [...names.map(name => implicit(2, Buffer.from(name))), implicit(7, Buffer.from([127, 0, 0, 1]))];
  const extensions = [
    extension('2.5.29.19', true, sequence()),
    extension('2.5.29.15', true, bits(7, 0x80)), // keyUsage: digitalSignature
    extension('2.5.29.37', false, sequence(identifier('1.3.6.1.5.5.7.3.1'))), // extKeyUsage: serverAuth
    extension('2.5.29.17', false, sequence(...alternatives)),
    extension('2.5.29.14', false, octets(keyIdentifier(publicKey))),
    extension('2.5.29.35', false, sequence(implicit(0, keyIdentifier(authority.publicKey)))),
  ];
  const fields = { issuer: authority.name, subject: names[0]!, validity, publicKey, extensions };
  return { certificate: signed(fields, authority.privateKey), key: pem(privateKey) };
}

const newKey = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

interface Fields {
  readonly issuer: string;
  readonly subject: string;
  readonly validity: Validity;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

function signed({ issuer, subject, validity, publicKey, extensions }: Fields, signer: KeyObject): string {
  const algorithm = sequence(identifier('1.2.840.10045.4.3.2')); // ecdsa-with-SHA256
  const until = new Date(validity.from.getTime() + validity.days * 86_400_000);
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(15)]); // positive, and as long as 4.1.2.2 allows for
  const fields = sequence(
    explicit(0, integer(Buffer.from([2]))), // version 3
    integer(serial),
    algorithm,
    commonName(issuer),
    sequence(time(validity.from), time(until)),
    commonName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions)),
  );
  const certificate = sequence(fields, algorithm, fieldOf(0x03, Buffer.from([0]), sign('sha256', fields, signer)));
  const lines = certificate.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

/** The usual identifier of a key: SHA-1 of the bits of the public key [RFC 5280, 4.2.1.2]; a P-256 point is the last 65 bytes. */
function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }).subarray(-65))
    .digest();
}

// DER: a tag, the length of the content, the content.

function fieldOf(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(bytes: number): Buffer {
  if (bytes < 0x80) return Buffer.from([bytes]);
  return bytes < 0x100 ? Buffer.from([0x81, bytes]) : Buffer.from([0x82, bytes >> 8, bytes & 0xff]);
}

const sequence = (...contents: Buffer[]) => fieldOf(0x30, ...contents);
const integer = (bytes: Buffer) => fieldOf(0x02, bytes);
const boolean = (value: boolean) => fieldOf(0x01, Buffer.from([value ? 0xff : 0]));
const octets = (bytes: Buffer) => fieldOf(0x04, bytes);
const bits = (unused: number, byte: number) => fieldOf(0x03, Buffer.from([unused, byte]));
const explicit = (number: number, content: Buffer) => fieldOf(0xa0 + number, content);
const implicit = (number: number, bytes: Buffer) => fieldOf(0x80 + number, bytes);

function identifier(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number) as [number, number, ...number[]];
  return fieldOf(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(identifier(id), ...(critical ? [boolean(true)] : []), octets(value));
}

function commonName(name: string): Buffer {
  return sequence(fieldOf(0x31, sequence(identifier('2.5.4.3'), fieldOf(0x0c, Buffer.from(name)))));
}

/** UTCTime, which is what certificates use until 2049 [RFC 5280, 4.1.2.5]. */
function time(date: Date): Buffer {
  return fieldOf(0x17, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));
}
