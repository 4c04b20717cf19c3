/**
 * Login by a token that an issuer has signed (JWT, RFC 7519), which a client gives in the place of its password or user name.
 *
 * Only listed algorithms count, whatever the token names, and a shared secret is never used with a public key's algorithm, nor a public key as a secret: otherwise a token could
 * be "signed" with the key that everybody knows. What does not look like a token is for the next method; a token that is not right is refused.
 */
import { isUtf8 } from 'node:buffer';
import { errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose';
import { MkbError } from '../../../api/errors.ts';
import { type Attributes, attributeText } from './attributes.ts';
import { Fault } from './fault.ts';
import { grantedTopics } from './granted-topics.ts';
import type { Known, Login, LoginMethod, NotLetIn, Verdict } from './login.ts';

export interface JwtKeys {
  readonly keyOf: JWTVerifyGetKey;
  reload(): Promise<void>;
  close?(): void;
}

export interface JwtOptions {
  readonly from: 'password' | 'username';
  readonly algorithms: readonly string[];
  readonly issuers: readonly string[] | undefined;
  readonly audiences: readonly string[] | undefined;
  /** How far clocks may be apart, seconds. */
  readonly leewaySeconds: number;
  /** Whether tokens that never expire are taken. */
  readonly withoutExpiry: boolean;
  /** Whether a connection ends with its token. */
  readonly endsConnections: boolean;
  /** What claims must be, by name; `${clientid}` and `${username}` are what the client says. */
  readonly claims: Readonly<Record<string, string>>;
  /** The claim that each is taken from. */
  readonly username: string;
  readonly clientId: string | undefined;
  readonly acl: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
}

const longestToken = 16 * 1024;
const tokenForm = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;
/** Keys that are tried for a token that does not say which. */
const mostTries = 10;

export class JwtLogin implements LoginMethod {
  readonly #options: JwtOptions;
  readonly keys: JwtKeys;
  readonly #verifyOptions: JWTVerifyOptions;

  constructor(options: JwtOptions, keys: JwtKeys) {
    this.#options = options;
    this.keys = keys;
    const { algorithms, issuers, audiences, leewaySeconds, withoutExpiry } = options;
    this.#verifyOptions = {
      algorithms: [...algorithms],
      clockTolerance: leewaySeconds,
      ...(issuers && { issuer: [...issuers] }),
      ...(audiences && { audience: [...audiences] }),
      ...(!withoutExpiry && { requiredClaims: ['exp'] }),
    };
  }

  async verify(login: Login): Promise<Verdict> {
    const token = this.#tokenOf(login);
    if (token === undefined) return undefined;
    try {
      if (token.length > longestToken) throw new Fault(`its token has more than ${longestToken / 1024} KiB`);
      return this.#known(await payloadOf(token, this.keys.keyOf, this.#verifyOptions), login);
    } catch (error) {
      if (MkbError.is(error)) return unavailable(error);
      return {
        refused: 'not_authorised',
        reasonCode: 0x86,
        reason: 'The token is not valid.',
        detail: reasonOf(error),
      };
    }
  }

  reload(): Promise<void> {
    return this.keys.reload();
  }

  close(): void {
    this.keys.close?.();
  }

  #tokenOf({ username, password }: Login): string | undefined {
    const text = this.#options.from === 'username' ? username : passwordText(password);
    // The form is looked at in linear time, and only of what could be one.
    return text !== undefined && tokenForm.test(text) ? text : undefined;
  }

  #known(payload: JWTPayload, login: Login): Known {
    const { claims, username, clientId, acl, attributes, leewaySeconds, endsConnections } = this.#options;
    for (const [name, wanted] of Object.entries(claims))
      if (!has(claimOf(payload, name), filled(wanted, login))) throw new Fault(`its claim ${name} is another one`);
    const id = clientId === undefined ? undefined : attributeText(claimOf(payload, clientId));
    if (clientId !== undefined && id === undefined) throw new Fault(`it has no claim ${clientId} for the client id`);
    return {
      username: attributeText(claimOf(payload, username)),
      clientId: id,
      attributes: attributesOf(payload, attributes),
      access: acl === undefined ? undefined : grantedTopics(claimOf(payload, acl)),
      expiresAt: payload.exp === undefined || !endsConnections ? undefined : (payload.exp + leewaySeconds) * 1000,
    };
  }
}

/** Undefined for a password that is no text. */
const passwordText = (password: Buffer | undefined): string | undefined =>
  password !== undefined && isUtf8(password) ? password.toString() : undefined;

/** Of several keys that fit the token, one that has signed it. Throws what jose does, and what `keyOf` throws. */
async function payloadOf(token: string, keyOf: JWTVerifyGetKey, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keyOf, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    let tries = 0;
    for await (const key of error) {
      if (++tries > mostTries) break;
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** A claim by its whole name, or by its path (`a.b`) if there is none of that name. */
function claimOf(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  let value: unknown = payload;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

const has = (claim: unknown, wanted: string | undefined): boolean =>
  wanted !== undefined && (Array.isArray(claim) ? claim : [claim]).some(each => attributeText(each) === wanted);

/** Undefined if the client does not say what the text needs. */
function filled(text: string, { clientId, username }: Login): string | undefined {
  if (text.includes('${username}') && username === undefined) return undefined;
  return text.replace(/\$\{(clientid|username)\}/g, (_, name) => (name === 'clientid' ? clientId : username!));
}

/** Those that the token has. One that it has not opens nothing. */
function attributesOf(payload: JWTPayload, names: Readonly<Record<string, string>>): Attributes {
  const all: Record<string, string> = {};
  for (const [name, claim] of Object.entries(names)) {
    const text = attributeText(claimOf(payload, claim));
    if (text !== undefined) all[name] = text;
  }
  return all;
}

const unavailable = ({ message }: MkbError): NotLetIn => ({
  refused: 'unavailable',
  reasonCode: 0x88,
  reason: 'Logins are not possible now: come back later.',
  detail: message.replace(/\.$/, ''),
});

/** Why a token is not taken, in words without anything of the token. */
function reasonOf(error: unknown): string {
  if (error instanceof Fault) return error.message;
  if (error instanceof errors.JWTExpired) return 'its token has expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.reason === 'missing') return `its token has no ${standardClaim(error.claim)}`;
    return `its token is not for here: ${standardClaim(error.claim)} is another one`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed)
    return 'its token is signed in a way that clients.jwt.algorithms does not list';
  if (error instanceof errors.JWKSNoMatchingKey) return 'its token is signed with a key that is not known';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature of its token is wrong';
  if (error instanceof TypeError) return 'its token is signed in a way that does not fit the key';
  return 'its token cannot be read';
}

const standardClaim = (name: string): string => (['exp', 'nbf', 'iat', 'iss', 'aud'].includes(name) ? name : 'a claim');
