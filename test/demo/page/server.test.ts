import { once } from 'node:events';
import { get, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NewBatch } from '../../../demo/embedded/cluster.ts';
import { type PageServer, type ShownFigures, servePage } from '../../../demo/page/server.ts';
import { until } from '../../real/until.ts';

const facts = {
  mqttPort: 1883,
  kafkaPort: 9092,
  topic: { name: 'my-vehicles', partitions: 10 },
  sql: 'SELECT payload FROM "a/{clientid}"',
  vehicles: 1,
};

let page: PageServer;
let tell: (batch: NewBatch) => void = () => undefined;
const onBatch = (listener: (batch: NewBatch) => void) => {
  tell = listener;
  return () => {
    tell = () => undefined;
  };
};
beforeEach(async () => {
  page = await servePage({ port: 0, kafka: { onBatch }, facts });
});
afterEach(() => page.close());

const url = (path: string): string => `http://127.0.0.1:${page.port}${path}`;
const fetchPage = (path: string, init?: RequestInit) => fetch(url(path), init);

/** A page that is open: the events that came, by name. */
const openPage = async () => {
  const [response] = (await once(get(url('/events')), 'response')) as [IncomingMessage];
  const events: { event: string; data: Record<string, unknown> }[] = [];
  let rest = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n\n');
    rest = parts.pop()!;
    for (const part of parts) {
      const match = /^event: (.*)\ndata: (.*)$/.exec(part);
      if (match) events.push({ event: match[1]!, data: JSON.parse(match[2]!) });
    }
  });
  const next = (event: string) => until(`the event ${event}`, () => events.find(each => each.event === event)?.data);
  return { response, events, next };
};

const newBatch = (topic: string): NewBatch => ({
  topic,
  partition: 4,
  baseOffset: 7,
  count: 1,
  bytes: 10,
  records: () => [
    { partition: 4, offset: 7, timestamp: 5, key: Buffer.from('car_1'), value: Buffer.from('{}'), headers: [] },
  ],
});

describe('the server of the page', () => {
  test.each([
    ['/', 'text/html; charset=utf-8'],
    ['/style.css', 'text/css; charset=utf-8'],
    ['/page.js', 'text/javascript; charset=utf-8'],
    ['/icon.svg', 'image/svg+xml'],
    ['/roads.json', 'application/json'],
  ])('serves %s as %s', async (path, type) => {
    const response = await fetchPage(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect((await response.text()).length).toBeGreaterThan(100);
  });

  test('lets the page load nothing from elsewhere, and be framed by nobody', async () => {
    const { headers } = await fetchPage('/');
    expect(headers.get('content-security-policy')).toContain("default-src 'self';");
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('content-security-policy')).not.toContain('unsafe');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('needs nothing but itself: no file names another host', async () => {
    const html = await (await fetchPage('/')).text();
    const files = [...html.matchAll(/(?:href|src)="([^"#]*)"/g)].map(match => match[1]!);
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) expect((await fetchPage(file)).status).toBe(200);
    expect(html).not.toMatch(/(?:href|src)="(?:https?:)?\/\/|style="|<script>/);
  });

  test.each(['POST', 'PUT', 'DELETE', 'HEAD'])('answers %s with 405', async method => {
    const response = await fetchPage('/', { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET');
  });

  test.each([
    '/../server.ts',
    '/%2e%2e/server.ts',
    '/browser/index.html',
    '//server.ts',
    '/nothing',
  ])('has no file at %s', async path => {
    const asked = request(url('/'), { path });
    asked.end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    expect(response.resume().statusCode).toBe(404);
  });

  test('listens on this machine only', async () => {
    const socket = connect(page.port, '::1');
    await expect(once(socket, 'connect')).rejects.toThrow();
  });
});

describe('a page that is open', () => {
  test('is greeted with what runs where', async () => {
    const { next } = await openPage();
    expect(await next('hello')).toMatchObject({ facts, vehicles: [], records: [], figures: [] });
  });

  test('is told of new records of the topic, and of no other', async () => {
    const { events, next } = await openPage();
    await next('hello');
    tell(newBatch('another'));
    tell(newBatch('my-vehicles'));
    expect(await next('records')).toMatchObject({
      records: [{ key: 'car_1', partition: 4, offset: 7, value: '{}' }],
      partitions: { 4: 1 },
    });
    expect(events.filter(({ event }) => event === 'records')).toHaveLength(1);
  });

  test('gets figures, and a page that opens later gets those it missed', async () => {
    const { next } = await openPage();
    await next('hello');
    page.show({ received: 12 } as ShownFigures);
    expect(await next('figures')).toMatchObject({ received: 12 });
    const later = await openPage();
    expect(await later.next('hello')).toMatchObject({ figures: [{ received: 12 }] });
  });

  test('is told the end, and does not hold it up', async () => {
    const { response, next } = await openPage();
    await next('hello');
    page.farewell({ lost: 0 });
    const ended = once(response, 'end');
    await page.close();
    await ended;
    expect(await next('bye')).toEqual({ lost: 0 });
  });
});
