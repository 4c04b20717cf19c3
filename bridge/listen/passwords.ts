/**
 * User names and passwords, a line for each user: `name:$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`, as `mkb passwd` writes it.
 * Lines that begin with `#` are comments. They are read again when they change.
 *
 * A hash costs some 20 ms by design, which a fleet that comes back at once would wait for. So who was let in once is recognised by a keyed
 * digest that lives in this process only, and at most a few hashes are worked out at a time.
 */
import { argon2, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { MkbError } from '../../api/errors.ts';

interface Hashed {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** OWASP's recommendation for argon2id: 19 MiB, two passes. */
const usual = { memory: 19_456, passes: 2, parallelism: 1 };
const hashBytes = 32;
/** More would be a way to use up memory and time by a file. */
const most = { memory: 1024 * 1024, passes: 16, parallelism: 16 };
const atATime = 2;
/** Clients that wait for a hash. Others are asked to come back. */
const mostWaiting = 10_000;

export type Verdict = 'right' | 'wrong' | 'busy';

export class Passwords {
  readonly #read: () => Promise<string>;
  readonly #key = randomBytes(32);
  #text = '';
  #users: ReadonlyMap<string, Hashed> = new Map();
  /** By user, the digest of a password that was right. */
  #known = new Map<string, Buffer>();
  /** What a name that nobody has is compared with, so that an answer does not say whether there is such a user. */
  readonly #nobody = hashedNow(randomBytes(hashBytes), randomBytes(16));
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /**
   * Call `reload` before use.
   * @param read gives the lines as they are now
   */
  constructor(read: () => Promise<string>) {
    this.#read = read;
  }

  get users(): number {
    return this.#users.size;
  }

  /** Reads the lines. Returns whether something has changed. Throws `password-file-invalid` and what `read` throws, and goes on with what it had. */
  async reload(): Promise<boolean> {
    const text = await this.#read();
    if (text === this.#text) return false;
    this.#users = parsePasswords(text);
    this.#text = text;
    this.#known = new Map();
    return true;
  }

  async verify(username: string, password: Buffer): Promise<Verdict> {
    const users = this.#users;
    const user = users.get(username);
    const digest = createHmac('sha256', this.#key).update(password).digest();
    const known = this.#known.get(username);
    if (known !== undefined && timingSafeEqual(known, digest)) return 'right';
    if (this.#waiting.length >= mostWaiting) return 'busy';
    await this.#turn();
    try {
      const { hash, ...how } = user ?? this.#nobody;
      const same = timingSafeEqual(await hashOf(password, how, hash.length), hash);
      // The users may have changed meanwhile.
      if (!same || user === undefined || this.#users !== users) return this.#users === users ? 'wrong' : 'busy';
      this.#known.set(username, digest);
      return 'right';
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    if (this.#running >= atATime) await new Promise<void>(resolve => this.#waiting.push(resolve));
    this.#running++;
  }
}

/** The line of a user. */
export async function passwordLine(username: string, password: Buffer): Promise<string> {
  const salt = randomBytes(16);
  const hash = await hashOf(password, { ...usual, salt }, hashBytes);
  const { memory, passes, parallelism } = usual;
  const parameters = `m=${memory},t=${passes},p=${parallelism}`;
  return `${username}:$argon2id$v=19$${parameters}$${base64(salt)}$${base64(hash)}`;
}

/** Why nobody can have this user name; undefined if one can. */
export const userNameProblem = (name: string): string | undefined => {
  if (name === '') return 'it is empty';
  if (/[:\r\n\0]/.test(name)) return 'it has a colon, a line break or NUL in it';
  if (name.startsWith('#')) return 'it begins with #, as comments do';
  return name.trim() === name ? undefined : 'it begins or ends with a space';
};

/** Throws `password-file-invalid`, which names the line and never what is in it. */
export function parsePasswords(text: string): ReadonlyMap<string, Hashed> {
  const users = new Map<string, Hashed>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const fail = (reason: string) => new MkbError('password-file-invalid', { reason: `line ${index + 1} ${reason}` });
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    const problem = colon < 0 ? 'there is no colon behind it' : userNameProblem(name);
    if (problem !== undefined) throw fail(`has no user name that can be used: ${problem}`);
    if (users.has(name)) throw fail('is of a user that an earlier line is of, too');
    const hashed = parseHash(line.slice(colon + 1).trim());
    if (hashed === undefined) throw fail('has no argon2id hash as mkb passwd writes it');
    users.set(name, hashed);
  }
  return users;
}

const hashPattern =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

function parseHash(text: string): Hashed | undefined {
  const match = hashPattern.exec(text);
  if (match === null) return undefined;
  const [memory, passes, parallelism] = match.slice(1, 4).map(Number) as [number, number, number];
  if (memory > most.memory || passes < 1 || passes > most.passes || parallelism < 1) return undefined;
  if (parallelism > most.parallelism || memory < 8 * parallelism) return undefined;
  const [salt, hash] = match.slice(4).map(part => Buffer.from(part, 'base64')) as [Buffer, Buffer];
  return { memory, passes, parallelism, salt, hash };
}

const hashedNow = (hash: Buffer, salt: Buffer): Hashed => ({ ...usual, salt, hash });

const hashOf = (message: Buffer, { memory, passes, parallelism, salt }: Omit<Hashed, 'hash'>, tagLength: number) =>
  new Promise<Buffer>((resolve, reject) =>
    argon2('argon2id', { message, nonce: salt, parallelism, tagLength, memory, passes }, (error, hash) =>
      error ? reject(error) : resolve(hash),
    ),
  );

const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
