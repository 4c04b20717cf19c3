/** Keys that tokens are verified with, as texts hold them: a JWK Set (RFC 7517), a public key in PEM, or a shared secret. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { createLocalJWKSet, type JWK, type JWTVerifyGetKey } from 'jose';
import { MkbError } from '../../../api/errors.ts';
import { Fault } from './fault.ts';

export type KeyForm = 'jwks' | 'publicKey' | 'secret';

const mostKeys = 200;
/** RFC 7518, 3.2: a key as long as the hash at least. */
const shortestSecret = 32;

/** Keys of a text that is read again when it changes. */
export class TextKeys {
  readonly #form: KeyForm;
  readonly #read: () => Promise<string>;
  #text: string | undefined;
  #find: JWTVerifyGetKey | undefined;

  /** @param read gives the text as it is now */
  constructor(form: KeyForm, read: () => Promise<string>) {
    this.#form = form;
    this.#read = read;
  }

  readonly keyOf: JWTVerifyGetKey = async (header, token) => {
    if (this.#find === undefined) await this.reload();
    return await (this.#find as JWTVerifyGetKey)(header, token);
  };

  /** Throws `jwt-keys-invalid` and what `read` throws, and goes on with what it had. */
  async reload(): Promise<void> {
    const text = await this.#read();
    if (text === this.#text) return;
    try {
      this.#find = findIn(this.#form, text);
      this.#text = text;
    } catch (cause) {
      const reason = cause instanceof Fault ? cause.message : 'it cannot be read';
      throw new MkbError('jwt-keys-invalid', { field: this.#form, reason }, cause instanceof Fault ? {} : { cause });
    }
  }
}

function findIn(form: KeyForm, text: string): JWTVerifyGetKey {
  if (form === 'jwks') return createLocalJWKSet({ keys: readKeySet(text) });
  const key = form === 'secret' ? sharedSecret(text) : publicKey(text);
  return async () => key;
}

function sharedSecret(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  if (bytes.length < shortestSecret) throw new Fault(`it has less than ${shortestSecret} bytes, and can be guessed`);
  return bytes;
}

function publicKey(text: string): KeyObject {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    throw new Fault('it is a private key, and the public one is wanted');
  if (!/-----BEGIN (PUBLIC KEY|RSA PUBLIC KEY|CERTIFICATE)-----/.test(text))
    throw new Fault('it is no public key in PEM');
  return createPublicKey(text);
}

/**
 * The public keys of a JWK Set. Secrets (`oct`) are left out: what others can read is none. Throws Fault if nothing is left.
 */
export function readKeySet(text: string): JWK[] {
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch {
    throw new Fault('it is no JSON');
  }
  const listed = typeof set === 'object' && set !== null ? (set as { keys?: unknown }).keys : undefined;
  if (!Array.isArray(listed)) throw new Fault('it has no list of keys');
  if (listed.length > mostKeys) throw new Fault(`it has more than ${mostKeys} keys`);
  const keys = listed.filter((key): key is JWK => publicKinds.has(String((key as JWK | null)?.kty)));
  if (keys.length === 0) throw new Fault('it has no public key');
  return keys.map(withoutPrivateParts);
}

const publicKinds: ReadonlySet<string> = new Set(['RSA', 'EC', 'OKP']);

/** A set with private keys is a mistake, and no reason to keep them in memory. */
function withoutPrivateParts({ d, p, q, dp, dq, qi, oth, ...key }: JWK): JWK {
  return key;
}
