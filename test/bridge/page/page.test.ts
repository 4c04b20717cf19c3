import { once } from 'node:events';
import { get, type IncomingMessage, request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, test } from 'vitest';
import { Account } from '../../../bridge/flow/account.ts';
import { type HttpEndpoint, serveHttp } from '../../../bridge/observe/http.ts';
import { BridgePage, type BridgePageOptions } from '../../../bridge/page/page.ts';
import type { ShownBridge } from '../../../bridge/page/shown-bridge.ts';
import { until } from '../../real/until.ts';

const secretPayload = 'the payload of a message';

/** A bridge as the page reads it, with what may not be shown to everybody in each place that has such. */
const bridge = (more: object = {}): ShownBridge => {
  const account = new Account();
  account.received = 3;
  const rule = {
    ...{ name: 'speeds', matched: 3, passed: 2, failed: 1 },
    rule: { sql: 'SELECT secret FROM "a/#"' },
    sinks: [],
  };
  return {
    name: 'plant',
    sources: [{ name: 'mqtt', account, pausedSeconds: 0, oldestSeconds: 0, standstill: undefined }],
    rules: [rule],
    document: {
      spec: { mqtt: { url: 'mqtt://secret-host' }, kafka: { bootstrapServers: ['secret:9092'] }, rules: [] },
    },
    config: { hash: 1, refusal: undefined, takenAt: 0 },
    failures: [
      {
        ...{ rule: 'speeds', code: 'payload-not-json', outcome: 'dead_lettered', count: 1, at: 0 },
        ...{ message: `no JSON: ${secretPayload}`, remedy: 'Fix it.', topic: 'secret/topic' },
      },
    ],
    connection: { url: 'mqtt://secret-host', version: 5 },
    window: { unacknowledged: 0, heldBack: 0 },
    refusals: [['session', { code: 'mqtt-refused', message: 'secret-reason' }]],
    waits: [],
    missing: () => [],
    ...more,
  } as unknown as ShownBridge;
};

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const serve = async (options: Partial<BridgePageOptions> = {}, host = '127.0.0.1'): Promise<HttpEndpoint> => {
  const page = new BridgePage({ bridges: [bridge()], ...options });
  const endpoint = await serveHttp({ host, port: 0 }, new Registry(), () => [], undefined, page.handlers);
  open.push(page, endpoint);
  return endpoint;
};

/** The events of a page that is open. */
const openPage = async (url: string, headers: Record<string, string> = {}) => {
  const asked = get(`${url}/-/figures`, { headers });
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  open.unshift({ close: () => asked.destroy() });
  asked.on('error', () => undefined);
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const next = (event: string) =>
    until(`the event ${event}`, () => new RegExp(`event: ${event}\ndata: (.*)\n\n`).exec(text)?.[1]);
  return { status: response.statusCode!, next, text: () => text };
};

describe('the page of a bridge', () => {
  test('is served with every file that it names, and nothing from elsewhere', async () => {
    const { url } = await serve();
    const response = await fetch(url);
    const html = await response.text();
    const files = [...html.matchAll(/(?:href|src)="([^"#]*)"/g)].map(match => match[1]!);
    expect(files.length).toBeGreaterThan(4);
    for (const file of files) expect((await fetch(`${url}${file}`)).status).toBe(200);
    expect(html).not.toMatch(/(?:href|src)="(?:https?:)?\/\/|style="|<script>|<!-- /);
    const policy = response.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
  });

  test.each([
    '/page/../page.ts',
    '/page/%2e%2e/page.ts',
    '/page/',
    '/page/index.html',
    '//page.js',
    '/page',
  ])('has no file at %s', async path => {
    const { url } = await serve();
    const asked = request(url, { path });
    asked.end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    expect(response.resume().statusCode).toBe(404);
  });

  test.each(['POST', 'PUT', 'DELETE'])('takes nothing: %s is answered with 405', async method => {
    const { url } = await serve();
    for (const path of ['/', '/page/page.js', '/-/figures'])
      expect((await fetch(`${url}${path}`, { method })).status).toBe(405);
  });

  test('gets the last minutes when it opens, and figures once a second even if nothing happens', async () => {
    const { url } = await serve();
    const { next } = await openPage(url);
    expect(JSON.parse(await next('hello'))).toMatchObject({ whole: true, history: { plant: expect.any(Array) } });
    expect(JSON.parse(await next('figures')).bridges[0]).toMatchObject({
      name: 'plant',
      sources: [{ name: 'mqtt', received: 3, inFlight: 3 }],
      rules: [{ name: 'speeds', matched: 3, lastError: { message: `no JSON: ${secretPayload}` } }],
    });
  });

  test('is opened so often and no more, so that /metrics has connections left', async () => {
    const { url } = await serve();
    for (let i = 0; i < 32; i++) expect((await openPage(url)).status).toBe(200);
    expect((await openPage(url)).status).toBe(503);
  });

  // Whoever reached the port could keep the page closed to the one who runs the bridge.
  test('is opened by the user of this machine however many strangers have it open', async () => {
    const { url } = await serve();
    const passedOn = { 'x-forwarded-for': '10.1.2.3' };
    for (let i = 0; i < 32; i++) expect((await openPage(url, passedOn)).status).toBe(200);
    expect((await openPage(url, passedOn)).status).toBe(503);
    const { status, next } = await openPage(url);
    expect(status).toBe(200);
    expect(JSON.parse(await next('hello'))).toMatchObject({ whole: true });
  });

  test('is bounded, whatever the bridge has', async () => {
    const long = 'x'.repeat(100_000);
    const failures = Array.from({ length: 100 }, (_, at) => ({
      rule: `${at}`,
      code: 'c',
      message: long,
      topic: long,
      at,
    }));
    const partitions = Array.from({ length: 5000 }, (_, partition) => ({ topic: 't', partition, lag: 1n, open: 0 }));
    const waits = Array.from({ length: 1000 }, (_, at) => ({ topic: `t${at}`, records: 1, seconds: 1, reason: long }));
    const kafkaSource = { joined: true, strangers: [], partitions };
    const rule = { ...bridge().rules[0]!, rule: { sql: 'SELECT 1' } };
    const rules = Array.from({ length: 3000 }, (_, at) => ({ ...rule, name: `rule-${at}` }));
    const shown = bridge({
      failures,
      kafkaSource,
      waits,
      rules,
      missing: () => Array.from({ length: 500 }, () => long),
    });
    const { url } = await serve({ bridges: [shown] });
    const hello = await (await openPage(url)).next('hello');
    expect(hello.length).toBeLessThan(100_000);
    expect(JSON.parse(hello).bridges[0]).toMatchObject({ moreRules: 2800, consumer: { count: 5000, lag: 5000 } });
  });
});

describe('what another machine sees', () => {
  // Other Pods reach the port of a bridge in a cluster.
  const address = Object.values(networkInterfaces())
    .flat()
    .find(each => each!.family === 'IPv4' && !each!.internal)?.address;

  test('is figures: no SQL, no address, no topic and no text of a message', async context => {
    if (address === undefined) return context.skip('this machine has no address of its own');
    const { url } = await serve({ token: async () => 'let-me-in' }, '0.0.0.0');
    const { next, text } = await openPage(url.replace('0.0.0.0', address));
    expect(JSON.parse(await next('hello'))).toMatchObject({ whole: false, takesToken: true });
    expect(JSON.parse(await next('figures')).bridges[0]).toMatchObject({
      sources: [{ received: 3 }],
      failures: [{ rule: 'speeds', code: 'payload-not-json', count: 1 }],
    });
    expect(text()).not.toMatch(/secret|payload of/i);
  });

  test('is everything with the token, and nothing with a wrong one', async context => {
    if (address === undefined) return context.skip('this machine has no address of its own');
    const { url } = await serve({ token: async () => 'let-me-in' }, '0.0.0.0');
    const there = url.replace('0.0.0.0', address);
    const { next } = await openPage(there, { authorization: 'Bearer let-me-in' });
    expect(await next('hello')).toContain(secretPayload);
    expect((await openPage(there, { authorization: 'Bearer let-me' })).status).toBe(401);
  });

  test.each([
    ['a name that somebody points at this machine', { host: 'evil.example' }, 200],
    ['a page of another site', { origin: 'http://evil.example' }, 403],
    ['a picture in a page of another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a proxy', { 'x-forwarded-for': '203.0.113.9' }, 200],
  ])('is not more for being sent by this machine: %s', async (_, headers, status) => {
    const { url } = await serve();
    const opened = await openPage(url, headers);
    expect(opened.status).toBe(status);
    if (status !== 200) return;
    expect(JSON.parse(await opened.next('hello')).whole).toBe(false);
    expect(opened.text()).not.toMatch(/secret|payload of/i);
  });
});
