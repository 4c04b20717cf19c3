/** Which users are tried at their brokers, and when. */
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type Login, type LoginAnswer, logIn } from '../../../operator/users/login.ts';
import { UserProofs } from '../../../operator/users/user-proofs.ts';

const login = (username: string, host = 'broker'): Login => ({ host, port: 1883, tls: false, username, password: 'p' });
const logins = (...names: string[]) => new Map(names.map(name => [name, login(name)]));
const never = new AbortController().signal;

function proofsWith(answer: (username: string) => LoginAnswer) {
  const asked: string[] = [];
  const changed: string[] = [];
  const proofs = new UserProofs({
    logIn: async ({ username }) => {
      asked.push(username);
      return answer(username);
    },
    onChange: key => changed.push(key),
  });
  return { proofs, asked, changed };
}

test('a user that is let in is asked for once, and its bridge is looked at', async () => {
  const { proofs, asked, changed } = proofsWith(() => 'let-in');
  proofs.want('shop/cars', logins('a', 'b'));
  expect(proofs.of('a')).toBeUndefined();
  await proofs.ask(never);
  await proofs.ask(never);
  expect([asked, changed, proofs.of('a')]).toEqual([['a', 'b'], ['shop/cars'], 'let-in']);
});

// One user that its broker never took would have kept all that came after it from being asked for.
test('users that are refused come after the others', async () => {
  const bad = ['r1', 'r2', 'r3', 'r4', 'r5'];
  const { proofs, asked } = proofsWith(name => (bad.includes(name) ? 'refused' : 'let-in'));
  proofs.want('shop/cars', logins(...bad, 'good'));
  await proofs.ask(never);
  expect(asked).toEqual(['r1', 'r2', 'r3', 'r4']);
  // What is wanted is said again by each look.
  proofs.want('shop/cars', logins(...bad, 'good'));
  await proofs.ask(never);
  expect(asked.slice(4, 6)).toEqual(['r5', 'good']);
  expect(proofs.of('good')).toBe('let-in');
});

test('a broker that does not answer is asked once a round', async () => {
  const { proofs, asked } = proofsWith(() => 'unreachable');
  proofs.want('shop/cars', logins('a', 'b', 'c'));
  await proofs.ask(never);
  expect(asked).toEqual(['a']);
});

// The log of a broker had a line every three seconds for as long as one user was wrong.
test('a broker that says nothing new is asked less and less', async () => {
  const { proofs, asked } = proofsWith(() => 'refused');
  proofs.want('shop/cars', logins('a'));
  for (let round = 0; round < 261; round++) await proofs.ask(never);
  expect(asked.length).toBeLessThan(75);
  const before = asked.length;
  proofs.want('shop/cars', logins('a', 'new'));
  await proofs.ask(never);
  expect(asked.slice(before)).toEqual(['new', 'a']);
});

test('what is not wanted any more is forgotten', async () => {
  const { proofs, asked } = proofsWith(() => 'refused');
  proofs.want('shop/cars', logins('a'));
  await proofs.ask(never);
  proofs.want('shop/cars', new Map());
  await proofs.ask(never);
  expect([asked, proofs.of('a')]).toEqual([['a'], undefined]);
});

let server: Server | undefined;
afterEach(() => server?.close());

async function answering(answer: (socket: Socket) => void): Promise<Login> {
  server = createServer(socket => socket.on('error', () => undefined).once('data', () => answer(socket)));
  await new Promise<void>(resolve => server!.listen(0, '127.0.0.1', resolve));
  return { ...login('a', '127.0.0.1'), port: (server.address() as { port: number }).port };
}

test.each([
  ['CONNACK', [0x20, 2, 0, 0], 'let-in'],
  ['half a CONNACK', [0x20, 2], 'unreachable'],
  ['bad user name or password', [0x20, 2, 0, 4], 'refused'],
  ['not authorised', [0x20, 2, 0, 5], 'refused'],
  ['server unavailable', [0x20, 2, 0, 3], 'unreachable'],
  ['no MQTT', [...Buffer.from('HTTP/1.1 400 Bad Request')], 'unreachable'],
  ['nothing', [], 'unreachable'],
])('a broker that answers %s is understood', async (_, bytes, answer) => {
  const to = await answering(socket => socket.end(Buffer.from(bytes as number[])));
  expect(await logIn(to)).toBe(answer);
});

test('a stream without an end is left', async () => {
  const to = await answering(socket => {
    const chunk = Buffer.alloc(65_536, 0x20);
    const more = () => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on('drain', more);
    more();
  });
  expect(await logIn(to)).toBe('unreachable');
});

test('where nobody listens nobody is let in', async () => {
  const to = await answering(() => undefined);
  await new Promise(resolve => server!.close(resolve));
  server = undefined;
  expect(await logIn(to)).toBe('unreachable');
});
