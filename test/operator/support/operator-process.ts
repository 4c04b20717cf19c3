/**
 * An operator as a process of its own, so that it can be killed and frozen: `node operator-process.ts KUBECONFIG IDENTITY PORT`. Pods of kwok serve nothing,
 * so their pages are read only with READ_PAGES, and with SILENT_PODS there are none. The API server is found as in a Pod.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { parse } from 'yaml';
import { defaultConfiguration } from '../../../operator/configuration.ts';
import { prepareOperator } from '../../../operator/main.ts';
import type { ApiAccess } from '../../../operator/runtime/connection.ts';
import { podAccess } from '../../../operator/runtime/pod-access.ts';

const [kubeconfig, identity, port] = process.argv.slice(2);
const config = podAccessOf(kubeconfig!)!;
const registry = new Registry();
const operator = prepareOperator({
  config,
  configuration: defaultConfiguration(),
  leaseNamespace: 'default',
  identity: identity!,
  log: pino(),
  registry,
  ...(process.env.READ_PAGES === undefined && {
    fetchText: async () => {
      if (process.env.SILENT_PODS !== undefined) throw new Error('no answer');
      return '';
    },
  }),
});
const server = createServer(async (request, response) => {
  if (request.url === '/metrics') response.end(await registry.metrics());
  else response.writeHead(operator.missing().length === 0 ? 200 : 503).end();
});
server.listen(Number(port), '127.0.0.1');
const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());
process.exitCode = (await operator.run(stopping.signal)) === 'stopped' ? 0 : 1;
server.close();
server.closeAllConnections();

/** As kubelet and the API server tell a Pod. */
function podAccessOf(file: string): ApiAccess | undefined {
  const { clusters, users } = parse(readFileSync(file, 'utf8'));
  const { server, 'certificate-authority-data': ca } = clusters[0].cluster;
  const folder = `${file}.account`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'token'), users[0].user.token);
  writeFileSync(join(folder, 'ca.crt'), Buffer.from(ca, 'base64'));
  const { hostname, port } = new URL(server);
  return podAccess({ KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port }, folder);
}
