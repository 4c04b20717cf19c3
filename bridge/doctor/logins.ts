/**
 * Whether the servers that say who may connect (`mqtt.clients`) can be asked. The login server is asked about a client that nobody knows: it may count it as a login that
 * failed, and should not let it in.
 */
import { randomBytes } from 'node:crypto';
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../api/errors.ts';
import { HttpLogin } from '../listen/login/http-login.ts';
import { JwtLogin } from '../listen/login/jwt-login.ts';
import type { LoginMethod } from '../listen/login/login.ts';
import { RemoteKeys } from '../listen/login/remote-keys.ts';
import { attempt, type Check, found, passed } from './check.ts';

export async function* checkLogins(methods: readonly LoginMethod[]): AsyncGenerator<Check> {
  for (const method of methods) {
    if (method instanceof HttpLogin) yield checkServer(method);
    if (method instanceof JwtLogin && method.keys instanceof RemoteKeys) yield checkKeys(method.keys);
    method.close?.();
  }
}

const checkKeys = (keys: RemoteKeys): Promise<Check> =>
  attempt(`keys of tokens at ${keys.source}`, async () => {
    const count = await keys.fetch();
    return `can be fetched, ${count} ${count === 1 ? 'key' : 'keys'}`;
  });

async function checkServer(server: HttpLogin): Promise<Check> {
  const { url } = server;
  const name = `login server ${url}`;
  const stranger = `mkb-doctor-${randomBytes(4).toString('hex')}`;
  try {
    const { result } = await server.ask({
      clientId: stranger,
      username: stranger,
      password: Buffer.from(randomBytes(16).toString('hex')),
      address: '127.0.0.1',
      certificate: undefined,
      awaited: () => true,
    });
    if (result !== 'allow') return passed(name, `answers: ${result}, for a client that nobody knows`);
    return found(name, new MkbError('login-server-open', { url }), 'warning');
  } catch (error) {
    return found(name, asMkbError(error));
  }
}
