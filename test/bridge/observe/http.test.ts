import { Counter, Registry } from 'prom-client';
import { afterEach, expect, test } from 'vitest';
import { type HttpEndpoint, type Readiness, serveHttp } from '../../../bridge/observe/http.ts';

let endpoint: HttpEndpoint | undefined;
afterEach(() => endpoint?.close());

async function serve(...bridges: Readiness[]): Promise<string> {
  const registry = new Registry();
  new Counter({ name: 'a_total', help: 'A.', registers: [registry] }).inc(3);
  endpoint = await serveHttp({ host: '127.0.0.1', port: 0 }, registry, () => bridges);
  return endpoint.url;
}

async function get(url: string, method = 'GET'): Promise<[status: number, text: string]> {
  const response = await fetch(url, { method });
  return [response.status, await response.text()];
}

test('/metrics is what Prometheus reads', async () => {
  const [status, text] = await get(`${await serve()}/metrics`);
  expect(status).toBe(200);
  expect(text).toContain('a_total 3');
});

test('/healthz is well although no broker is there: restarting the bridge would not fix that', async () => {
  const url = await serve({ name: 'b', missing: () => ['Kafka is not connected'] });
  expect(await get(`${url}/healthz`)).toEqual([200, 'ok\n']);
});

test('/readyz is ready when all bridges are, and otherwise says what is missing where', async () => {
  let missing: string[] = ['MQTT is not connected'];
  const url = await serve({ name: 'a', missing: () => [] }, { name: 'b', missing: () => missing });
  expect(await get(`${url}/readyz`)).toEqual([503, 'b: MQTT is not connected\n']);
  missing = [];
  expect(await get(`${url}/readyz`)).toEqual([200, 'ready\n']);
});

test('other paths and methods are answered with what there is', async () => {
  const url = await serve();
  expect((await get(`${url}/`))[0]).toBe(404);
  expect((await get(`${url}/metrics`, 'POST'))[0]).toBe(405);
});

test('a port that is taken is a clear error', async () => {
  const port = Number(new URL(await serve()).port);
  const second = serveHttp({ host: '127.0.0.1', port }, new Registry(), () => []);
  await expect(second).rejects.toMatchObject({ code: 'listen-failed', message: expect.stringContaining('EADDRINUSE') });
});
