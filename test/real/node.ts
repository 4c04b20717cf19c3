/**
 * A real Kubernetes node for tests: containerd, the kubelet, kube-proxy and CoreDNS, which join the control plane of `startKubernetes`.
 * Its Pods are real containers: they have volumes, probes, addresses and users, they crash, are drained and come back.
 *
 *     const kubernetes = await startKubernetes({ parts: 'controllers' });
 *     const node = await startNode(kubernetes);
 *     await importFromEngine(engine, node, 'mkb:0.1.0');              // node/images.ts: no registry is asked for images
 *     const kafka = await startKafka({ proxied: node.host });         // Pods and this test reach it at kafka.bootstrapProxied
 *     await node.open(port);                                          // so they do any port of 127.0.0.1, as `node.host`:port
 *     await kubernetes.apply(deployment, service);                    // and this test reaches Pods and Services at their addresses
 *     ...
 *     await node.stop();
 *     await kubernetes.stop();
 *
 * It lives in namespaces of its own (node/namespaces.ts), so it needs root, changes nothing of this machine and leaves nothing there. A
 * machine has addresses for one at a time: a second waits for the end of the first.
 */
import { execFile } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { connect as connectTo } from 'node:net';
import { promisify } from 'node:util';
import { type ChaosProxy, startChaosProxy } from '../support/chaos-proxy.ts';
import { removeFolder, temporaryFolder } from './cleanup.ts';
import { apiServiceAddress, type RunningKubernetes } from './kubernetes.ts';
import { kubernetesProgram } from './kubernetes-programs.ts';
import { makeCgroups, removeCgroups } from './node/cgroups.ts';
import { nodeName, paths, writeConfiguration } from './node/configuration.ts';
import { type ImageStore, importPause } from './node/images.ts';
import { makeNamespaces } from './node/namespaces.ts';
import { connect, disconnected, hostAddress, nodeAddress } from './node/network.ts';
import { coreDnsProgram } from './node/programs.ts';
import type { ServerProcess } from './server-process.ts';
import { untilStarted } from './until.ts';

export interface RunningNode extends ImageStore {
  /** What `kubectl get nodes` shows. */
  readonly name: string;
  /** This machine, as Pods see it; what listens on 127.0.0.1 must be opened to them. */
  readonly host: string;
  /** Where ports of Services of type NodePort are. */
  readonly address: string;
  readonly containerd: ServerProcess;
  readonly kubelet: ServerProcess;
  readonly kubeProxy: ServerProcess;
  readonly coreDns: ServerProcess;
  /** Between the node with its Pods and the API server. */
  readonly apiServer: ChaosProxy;
  /** Lets Pods reach a port of 127.0.0.1, as the same port of `host`. */
  open(port: number): Promise<ChaosProxy>;
  /** Ends every Pod at once, and removes everything. */
  stop(): Promise<void>;
}

/**
 * Starts a node and waits until it takes Pods, resolves names and forwards to Services.
 *
 * @param kubernetes with controllers. Stop it after the node
 */
export async function startNode(kubernetes: RunningKubernetes): Promise<RunningNode> {
  const folder = temporaryFolder('node');
  const servers: ServerProcess[] = [];
  const undo: (() => unknown)[] = [() => removeFolder(folder)];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return await start(kubernetes, { folder, servers, undo, stop });
  } catch (error) {
    const begun = servers.filter(server => server.running || server.ending !== undefined);
    const log = begun.map(server => server.log(5)).join('\n');
    await stop();
    throw new Error(`${(error as Error).message}\n${log}`, { cause: error });
  }
}

interface Place {
  readonly folder: string;
  /** Those that may say why it failed. */
  readonly servers: ServerProcess[];
  /** What has to be undone, oldest first. */
  readonly undo: (() => unknown)[];
  stop(): Promise<void>;
}

async function start(kubernetes: RunningKubernetes, { folder, servers, undo, stop }: Place): Promise<RunningNode> {
  await removeCgroups();
  undo.push(removeCgroups);
  makeCgroups();
  const namespaces = await makeNamespaces(folder);
  undo.push(() => namespaces.end());
  await connect(namespaces);
  undo.push(async () => {
    await namespaces.end();
    await disconnected();
  });

  const open = async (port: number) => {
    const proxy = await startChaosProxy(port, port, hostAddress);
    undo.push(() => proxy.close());
    return proxy;
  };
  const apiServer = await open(Number(new URL(kubernetes.server).port));
  writeConfiguration(folder, kubernetes, apiServer.port);
  await kubernetes.apply(apiEndpoint(apiServer.port));

  const at = paths(folder);
  const server = async (name: string, command: string, args: readonly string[]) => {
    const made = namespaces.server(name, command, args);
    servers.push(made);
    undo.push(() => made.kill());
    await made.launch();
    return made;
  };
  const containerd = await server('containerd', 'containerd', ['--config', at.containerd]);
  const kubeProxy = await server('kube-proxy', kubernetesProgram('kube-proxy'), [`--config=${at.kubeProxy}`]);
  const coreDns = await server('coredns', coreDnsProgram(), ['-conf', at.coreDns]);
  const ctr = async (args: readonly string[]) =>
    (await promisify(execFile)('ctr', ['--address', at.socket, '--namespace', 'k8s.io', ...args])).stdout;
  await untilStarted('containerd', () => ctr(['version']));
  await importPause({ folder, ctr });

  // Else an earlier one would be taken for this: it is Ready until the control plane has missed it.
  await kubernetes.kubectl(['delete', 'node', nodeName, '--ignore-not-found']);
  const kubelet = await server('kubelet', kubernetesProgram('kubelet'), [
    ...[`--config=${at.kubelet}`, `--kubeconfig=${at.kubeconfig('kubelet')}`, `--root-dir=${at.kubeletFolder}`],
    ...[`--cert-dir=${folder}/certificates`, `--hostname-override=${nodeName}`, `--node-ip=${nodeAddress}`],
  ]);
  await untilStarted('the node to register', () => kubernetes.get('node', nodeName));
  await kubernetes.kubectl(['wait', '--for=condition=Ready', `node/${nodeName}`, '--timeout=120s']);
  await untilStarted('the names of the cluster', resolvesNames);
  await untilStarted('the way to Services', reachesServices);
  const parts = { containerd, kubelet, kubeProxy, coreDns, apiServer };
  return { name: nodeName, host: hostAddress, address: nodeAddress, folder, ...parts, ctr, open, stop };
}

/** Nobody else says where the API server is: it does not know its address at this end of the cable. */
const apiEndpoint = (port: number) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
  addressType: 'IPv4',
  endpoints: [{ addresses: [hostAddress], conditions: { ready: true } }],
  ports: [{ name: 'https', port, protocol: 'TCP' }],
});

async function resolvesNames(): Promise<boolean> {
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([nodeAddress]);
  return (await resolver.resolve4('kubernetes.default.svc.cluster.local')).includes(apiServiceAddress);
}

async function reachesServices(): Promise<boolean> {
  const socket = connectTo({ host: apiServiceAddress, port: 443, timeout: 500 });
  socket.once('timeout', () => socket.destroy(new Error('no answer')));
  await once(socket, 'connect').finally(() => socket.destroy());
  return true;
}
