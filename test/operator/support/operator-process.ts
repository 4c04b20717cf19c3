/**
 * An operator as a process of its own, so that it can be killed and frozen: `node operator-process.ts KUBECONFIG IDENTITY PORT`. Pods of kwok serve nothing,
 * so their pages are read only with READ_PAGES.
 */
import { createServer } from 'node:http';
import { KubeConfig } from '@kubernetes/client-node';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { defaultConfiguration } from '../../../operator/configuration.ts';
import { prepareOperator } from '../../../operator/main.ts';

const [kubeconfig, identity, port] = process.argv.slice(2);
const config = new KubeConfig();
config.loadFromFile(kubeconfig!);
const registry = new Registry();
const operator = prepareOperator({
  config,
  configuration: defaultConfiguration(),
  leaseNamespace: 'default',
  identity: identity!,
  log: pino(),
  registry,
  ...(process.env.READ_PAGES === undefined && { fetchText: async () => '' }),
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
