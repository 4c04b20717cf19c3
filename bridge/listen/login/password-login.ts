/** Login by the password file: it knows the users that it has a line for, and no others. */
import type { Passwords } from '../passwords.ts';
import { busy, type Known, type Login, type LoginMethod, type NotLetIn, type Verdict, wrong } from './login.ts';

export class PasswordLogin implements LoginMethod {
  readonly #passwords: Passwords;

  constructor(passwords: Passwords) {
    this.#passwords = passwords;
  }

  async verify(login: Login): Promise<Verdict> {
    const { username } = login;
    return username !== undefined && this.#passwords.has(username) ? await this.#verdict(username, login) : undefined;
  }

  async pretend(login: Login): Promise<NotLetIn> {
    const verdict = await this.#verdict(login.username ?? '', login);
    return 'refused' in verdict ? verdict : wrong;
  }

  reload(): Promise<unknown> {
    return this.#passwords.reload();
  }

  async #verdict(username: string, { password, awaited }: Login): Promise<Known | NotLetIn> {
    const verdict = await this.#passwords.verify(username, password ?? Buffer.alloc(0), awaited);
    if (verdict === 'right') return { username };
    return verdict === 'busy' ? busy : wrong;
  }
}
