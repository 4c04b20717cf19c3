/**
 * User names and passwords, a line for each user: `name:<hash>`, as `mkb passwd` and `mosquitto_passwd` write it (password-hashes.ts).
 * Lines that begin with `#` are comments. They are read again when they change.
 *
 * A hash costs some 20 ms by design, which a fleet that comes back at once would wait for. So who was let in once is recognised by a keyed
 * digest that lives in this process only, and at most a few hashes are worked out at a time.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { MkbError } from '../../api/errors.ts';
import { Gate } from './login/gate.ts';
import { fits, hashPassword, nobodysHash, type PasswordHash, parseHash } from './password-hashes.ts';

const atATime = 2;
/** Clients that wait for a hash. Others are asked to come back. */
const mostWaiting = 10_000;

export type PasswordVerdict = 'right' | 'wrong' | 'busy';

export class Passwords {
  readonly #read: () => Promise<string>;
  readonly #key = randomBytes(32);
  #text = '';
  #users: ReadonlyMap<string, PasswordHash> = new Map();
  /** By user, the digest of a password that was right. */
  #known = new Map<string, Buffer>();
  /** What a name that nobody has is compared with, so that an answer does not say whether there is such a user. */
  readonly #nobody = nobodysHash();
  readonly #gate = new Gate(atATime, mostWaiting);

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

  has(username: string): boolean {
    return this.#users.has(username);
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

  /** @param wanted whether somebody still waits for the verdict */
  async verify(username: string, password: Buffer, wanted?: () => boolean): Promise<PasswordVerdict> {
    const users = this.#users;
    const user = users.get(username);
    const digest = createHmac('sha256', this.#key).update(password).digest();
    const known = this.#known.get(username);
    if (known !== undefined && timingSafeEqual(known, digest)) return 'right';
    const same = await this.#gate.run(() => fits(password, user ?? this.#nobody), wanted);
    // The users may have changed meanwhile.
    if (same === undefined || this.#users !== users) return 'busy';
    if (!same || user === undefined) return 'wrong';
    this.#known.set(username, digest);
    return 'right';
  }
}

/** The line of a user. */
export async function passwordLine(username: string, password: Buffer): Promise<string> {
  return `${username}:${await hashPassword(password)}`;
}

/** Why nobody can have this user name; undefined if one can. */
export const userNameProblem = (name: string): string | undefined => {
  if (name === '') return 'it is empty';
  if (/[:\r\n\0]/.test(name)) return 'it has a colon, a line break or NUL in it';
  if (name.startsWith('#')) return 'it begins with #, as comments do';
  return name.trim() === name ? undefined : 'it begins or ends with a space';
};

/** Throws `password-file-invalid`, which names the line and never what is in it. */
export function parsePasswords(text: string): ReadonlyMap<string, PasswordHash> {
  const users = new Map<string, PasswordHash>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const fail = (reason: string) => new MkbError('password-file-invalid', { reason: `line ${index + 1} ${reason}` });
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    const problem = colon < 0 ? 'there is no colon behind it' : userNameProblem(name);
    if (problem !== undefined) throw fail(`has no user name that can be used: ${problem}`);
    if (users.has(name)) throw fail('is of a user that an earlier line is of, too');
    const hashed = parseHash(line.slice(colon + 1).trim());
    if (typeof hashed === 'string') throw fail(hashed);
    users.set(name, hashed);
  }
  return users;
}
