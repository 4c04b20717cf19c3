/**
 * Who a client is: asked of one method after the other, in the order certificate, password file, JWT, HTTP.
 *
 * A method knows the client, refuses it, or does not know it. The first that knows or refuses decides; only a client that is not known is handed on, and one
 * that nobody knows is refused. So a server that is down never leads to the next method, and least of all to `anonymous`.
 */
import type { AccessRules } from '../access.ts';
import type { Refused } from '../client-counts.ts';
import { type CertificateNames, type ClientCertificate, partOf } from './certificate.ts';

/** What a client shows. */
export interface Login {
  /** Never empty: one is made for a client that leaves it to us. */
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Buffer | undefined;
  readonly address: string;
  /** That of a trusted authority, if it has shown one. */
  readonly certificate: ClientCertificate | undefined;
  /** Whether the client is still there. */
  readonly awaited: () => boolean;
}

/** What is known of a client that is let in. */
export interface Known {
  /** The user name, if it was proven. */
  readonly username?: string | undefined;
  /** The user name that the client gives, where nobody checks any. */
  readonly claimedName?: string | undefined;
  /** One that counts in the place of the client's. */
  readonly clientId?: string | undefined;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  /** In the place of the document's. */
  readonly access?: AccessRules | undefined;
  /** May publish and subscribe to everything. */
  readonly superuser?: boolean;
  /** When it has to log in again, milliseconds since 1970. */
  readonly expiresAt?: number | undefined;
}

export interface NotLetIn {
  readonly refused: Refused;
  readonly reasonCode: number;
  /** What the client hears. */
  readonly reason: string;
  /** What the log says in its place. */
  readonly detail?: string;
}

/** Undefined: not known here. */
export type Verdict = Known | NotLetIn | undefined;

export interface LoginMethod {
  /** Never rejects for what a client shows, or for a server that fails. */
  verify(login: Login): Promise<Verdict>;
  /** Takes the time that `verify` takes for a client that is known, so that an answer does not say which names there are. */
  pretend?(login: Login): Promise<NotLetIn>;
  /** Reads again what may have changed. Called every few seconds. Rejects with what is wrong, and goes on with what it had. */
  reload?(): Promise<unknown>;
  close?(): void;
}

export interface LoginOptions {
  readonly certificateNames: CertificateNames;
  /** In the order in which they are asked. */
  readonly methods: readonly LoginMethod[];
  readonly anonymous: boolean;
}

export const isRefused = (verdict: Known | NotLetIn): verdict is NotLetIn => 'refused' in verdict;

export const wrong: NotLetIn = {
  refused: 'not_authorised',
  reasonCode: 0x86,
  reason: 'The user name or the password is wrong.',
};

export const busy: NotLetIn = {
  refused: 'busy',
  reasonCode: 0x89,
  reason: 'Too many clients wait to be let in: come back later.',
};

const nothingShown: NotLetIn = {
  refused: 'not_authorised',
  reasonCode: 0x87,
  reason: 'Clients must give a user name and a password.',
};

export async function logIn(login: Login, options: LoginOptions): Promise<Known | NotLetIn> {
  const known = byCertificate(login, options) ?? anonymously(login, options);
  if (known !== undefined) return known;
  for (const method of options.methods) {
    const verdict = await method.verify(login);
    if (verdict !== undefined) return verdict;
  }
  if (showsNothing(login)) return nothingShown;
  for (const method of options.methods) if (method.pretend !== undefined) return await method.pretend(login);
  return wrong;
}

/** A client that also gives a user name or a password has to prove it, if there is a way. */
function byCertificate(login: Login, { certificateNames, methods }: LoginOptions): Known | undefined {
  const { certificate } = login;
  if (certificate === undefined || !certificateNames.login) return undefined;
  const username = partOf(certificate, certificateNames.username);
  if (username !== undefined) return { username };
  return methods.length === 0 || showsNothing(login) ? {} : undefined;
}

function anonymously(login: Login, { anonymous, methods }: LoginOptions): Known | undefined {
  if (!anonymous) return undefined;
  if (showsNothing(login)) return {};
  return methods.length === 0 ? { claimedName: login.username } : undefined;
}

const showsNothing = ({ username, password }: Login): boolean => username === undefined && password === undefined;
