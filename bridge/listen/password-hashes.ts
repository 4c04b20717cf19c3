/**
 * What a line of the password file has behind the user name, and whether a password fits it: argon2id as `mkb passwd` writes it, bcrypt as EMQX and Apache's
 * `htpasswd` do, and PBKDF2 as Mosquitto does (`$7$`).
 *
 * None is worked out on the event loop, and what one may cost is bounded, since a file that somebody else has written names the cost.
 */
import { argon2, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { bcryptFits } from './bcrypt.ts';

export type PasswordHash =
  | { readonly kind: 'argon2id'; readonly how: Argon2; readonly hash: Buffer }
  | { readonly kind: 'pbkdf2'; readonly iterations: number; readonly salt: Buffer; readonly hash: Buffer }
  | { readonly kind: 'bcrypt'; readonly text: string };

interface Argon2 {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Buffer;
}

/** OWASP's recommendation for argon2id: 19 MiB, two passes. */
const usual = { memory: 19_456, passes: 2, parallelism: 1 };
const hashBytes = 32;
/** More would be a way to use up memory and time by a file. */
const most = { memory: 1024 * 1024, passes: 16, parallelism: 16, iterations: 5_000_000, cost: 12 };

/** The hash of a password, as a line has it. */
export async function hashPassword(password: Buffer): Promise<string> {
  const salt = randomBytes(16);
  const { memory, passes, parallelism } = usual;
  const hash = await argon2Of(password, { ...usual, salt }, hashBytes);
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(hash)}`;
}

/** What the password of a name that nobody has is compared with. */
export const nobodysHash = (): PasswordHash => ({
  kind: 'argon2id',
  how: { ...usual, salt: randomBytes(16) },
  hash: randomBytes(hashBytes),
});

export async function fits(password: Buffer, hashed: PasswordHash): Promise<boolean> {
  switch (hashed.kind) {
    case 'bcrypt':
      return await bcryptFits(password, hashed.text);
    case 'pbkdf2': {
      const { salt, iterations, hash } = hashed;
      return timingSafeEqual(await promisify(pbkdf2)(password, salt, iterations, hash.length, 'sha512'), hash);
    }
    default:
      return timingSafeEqual(await argon2Of(password, hashed.how, hashed.hash.length), hashed.hash);
  }
}

/** The hash; or why it cannot be used, in a clause that shows nothing of it. */
export function parseHash(text: string): PasswordHash | string {
  if (/^\$2[abxy]\$/.test(text)) return bcryptHash(text);
  if (text.startsWith('$7$')) return pbkdf2Hash(text);
  if (text.startsWith('$6$')) return 'has a hash of SHA-512, which is guessed quickly: write the line with mkb passwd';
  return argon2Hash(text) ?? 'has no hash of argon2id, bcrypt or PBKDF2 ($7$): write the line with mkb passwd';
}

const argon2Form =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

function argon2Hash(text: string): PasswordHash | undefined {
  const match = argon2Form.exec(text);
  if (match === null) return undefined;
  const [memory, passes, parallelism] = match.slice(1, 4).map(Number) as [number, number, number];
  if (memory > most.memory || passes < 1 || passes > most.passes || parallelism < 1) return undefined;
  if (parallelism > most.parallelism || memory < 8 * parallelism) return undefined;
  const [salt, hash] = match.slice(4).map(part => Buffer.from(part, 'base64')) as [Buffer, Buffer];
  return { kind: 'argon2id', how: { memory, passes, parallelism, salt }, hash };
}

function bcryptHash(text: string): PasswordHash | string {
  const match = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(text);
  const cost = Number(match?.[1]);
  if (match === null || cost < 4) return 'has no bcrypt hash that can be used: write the line with mkb passwd';
  // Each step doubles the time, which is more than a second beyond it.
  if (cost > most.cost)
    return `has a bcrypt hash of cost ${cost}, and at most ${most.cost} is taken: write the line with mkb passwd`;
  return { kind: 'bcrypt', text };
}

/** https://github.com/eclipse-mosquitto/mosquitto: `$7$<iterations>$<salt>$<hash>`, PBKDF2 with SHA-512. */
function pbkdf2Hash(text: string): PasswordHash | string {
  const match = /^\$7\$(\d{1,8})\$([A-Za-z0-9+/]{8,100}={0,2})\$([A-Za-z0-9+/]{86}==)$/.exec(text);
  const iterations = Number(match?.[1]);
  if (match === null || iterations < 1 || iterations > most.iterations)
    return 'has no PBKDF2 hash that can be used: write the line with mkb passwd';
  const [salt, hash] = match.slice(2).map(part => Buffer.from(part, 'base64')) as [Buffer, Buffer];
  return { kind: 'pbkdf2', iterations, salt, hash };
}

const argon2Of = (message: Buffer, { memory, passes, parallelism, salt }: Argon2, tagLength: number) =>
  new Promise<Buffer>((resolve, reject) =>
    argon2('argon2id', { message, nonce: salt, parallelism, tagLength, memory, passes }, (error, hash) =>
      error ? reject(error) : resolve(hash),
    ),
  );

const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
