// Any Pod of the cluster could read the names and states of every team's bridges off the operator's /metrics.
import { expect, it } from 'vitest';
import { MkbError } from '../../api/errors.ts';
import { MetricsAccess } from '../../operator/metrics-access.ts';
import type { ResourceKind } from '../../operator/runtime/kinds.ts';
import { until } from '../real/until.ts';

type Answer = unknown | Promise<unknown>;

/** The access under an API server that answers so, with a clock that is set, and what was asked. */
function accessTo(answers: { token?: (token: string) => Answer; access?: (spec: object) => Answer }) {
  const asked: string[] = [];
  const complaints: string[] = [];
  const clock = { ms: 0 };
  const user = { username: 'u', uid: '1', groups: ['g'], extra: { e: ['1'] } };
  const { token = () => ({ authenticated: true, user }), access = () => ({ allowed: true }) } = answers;
  const door = new MetricsAccess({
    client: {
      review: async ({ kind }: ResourceKind, spec: object) => {
        asked.push(kind);
        return kind === 'TokenReview' ? token((spec as { token: string }).token) : access(spec);
      },
    },
    log: { warn: (_, message) => complaints.push(message) },
    now: () => clock.ms,
  });
  const read = async (authorization?: string) =>
    (await door.refusal({ headers: authorization === undefined ? {} : { authorization } }))?.status ?? 200;
  return { read, show: (token: string) => read(`Bearer ${token}`), asked, complaints, clock };
}

it.each([
  undefined,
  '',
  'Bearer',
  'Bearer ',
  'Basic YTpi',
  'Bearer a b',
  'Bearer "a"',
  'Bearer ä',
  'Bearer a,Bearer b',
])('asks nobody about what is no token: %j', async authorization => {
  const { read, asked } = accessTo({});
  expect([await read(authorization), asked]).toEqual([401, []]);
});

it('asks whether the account of the token may get /metrics, with all that is known of it', async () => {
  const specs: object[] = [];
  const { show } = accessTo({ access: spec => specs.push(spec) && { allowed: true } });
  expect(await show('a.b-c_d')).toBe(200);
  expect(specs).toEqual([
    {
      user: 'u',
      uid: '1',
      groups: ['g'],
      extra: { e: ['1'] },
      nonResourceAttributes: { path: '/metrics', verb: 'get' },
    },
  ]);
});

it.each([
  [{ authenticated: false }, {}, 401],
  [{ error: 'no such key' }, {}, 401],
  [{ authenticated: 'true' }, {}, 401],
  [undefined, {}, 401],
  [{ authenticated: true, user: {} }, { allowed: false, denied: true }, 403],
  [{ authenticated: true, user: {} }, { evaluationError: 'no role' }, 403],
  [{ authenticated: true, user: {} }, { allowed: 1 }, 403],
  [{ authenticated: true, user: {} }, undefined, 403],
  [{ authenticated: true, user: {} }, { allowed: true }, 200],
])('lets in for a yes, and for nothing else: %j, %j', async (token, access, status) => {
  const { show } = accessTo({ token: () => token, access: () => access });
  expect(await show('t')).toBe(status);
});

it.each([
  'kube-unreachable',
  'kube-timeout',
  'kube-forbidden',
  'kube-unauthorized',
  'kube-overloaded',
] as const)('lets nobody in while the API server does not say, logs it once, and asks again: %s', async code => {
  let away = true;
  const error = () => new MkbError(code, { server: 's', action: 'a', reason: 'r', seconds: 1 } as never);
  const { show, complaints } = accessTo({ access: () => (away ? Promise.reject(error()) : { allowed: true }) });
  expect([await show('t'), await show('t')]).toEqual([503, 503]);
  expect(complaints).toHaveLength(1);
  away = false;
  expect(await show('t')).toBe(200);
});

it('asks once for all who show a token within a minute, and once within ten seconds for one that is refused', async () => {
  const { show, asked, clock } = accessTo({ token: token => ({ authenticated: token === 'good', user: {} }) });
  expect(await Promise.all([show('good'), show('good'), show('bad'), show('bad')])).toEqual([200, 200, 401, 401]);
  expect(asked).toHaveLength(3);
  clock.ms = 9_999;
  expect([await show('good'), await show('bad'), asked.length]).toEqual([200, 401, 3]);
  clock.ms = 10_000;
  expect([await show('good'), await show('bad'), asked.length]).toEqual([200, 401, 4]);
  clock.ms = 60_000;
  expect([await show('good'), asked.length]).toEqual([200, 6]);
});

it('shuts out within a minute who may not read any more', async () => {
  let allowed = true;
  const { show, clock } = accessTo({ access: () => ({ allowed }) });
  expect(await show('t')).toBe(200);
  allowed = false;
  clock.ms = 60_000;
  expect(await show('t')).toBe(403);
});

it('reviews four tokens of strangers at once, and lets in who was allowed before, whatever they send', async () => {
  const gate = Promise.withResolvers<void>();
  const { show, asked, clock } = accessTo({
    token: async token => {
      if (token === 'prometheus') return { authenticated: true, user: {} };
      await gate.promise;
      return { authenticated: false };
    },
  });
  expect(await show('prometheus')).toBe(200);
  clock.ms = 60_000;
  // The place of the first is free again after a while.
  const statuses: number[] = [];
  await until('four to be reviewed', () => {
    void show(`stranger-${statuses.length}-${asked.length}`).then(status => statuses.push(status));
    return asked.length === 6;
  });
  const flood = Array.from({ length: 1000 }, (_, index) => show(`another-${index}`));
  expect(new Set(await Promise.all(flood))).toEqual(new Set([503]));
  expect(await show('prometheus')).toBe(200);
  gate.resolve();
  await until('the four to be answered', () => statuses.filter(status => status === 401).length === 4);
  expect(await show('prometheus')).toBe(200);
});
