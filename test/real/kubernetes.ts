/**
 * A real Kubernetes control plane for tests: etcd and kube-apiserver, and when asked the controllers, the scheduler, and a fake node (kwok)
 * whose Pods become Ready at once. Each call makes one of its own, on free ports, in a temporary folder: a test may kill its parts.
 *
 * Everybody is known by a token, which a file of the API server lists; certificates are only the server's.
 */
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { KubeConfig } from '@kubernetes/client-node';
import { stringify } from 'yaml';
import { makeCertificates } from './certificates.ts';
import { removeFolder, temporaryFolder } from './cleanup.ts';
import { program } from './install.ts';
import { rightsAreKnown } from './known-rights.ts';
import { kubernetesProgram, kwokProgram } from './kubernetes-programs.ts';
import { freePorts } from './ports.ts';
import { ServerProcess } from './server-process.ts';
import { untilStarted } from './until.ts';

export interface KubernetesOptions {
  /** `api`: etcd and the API server. `controllers`: the controller manager and the scheduler too. `pods`: and a fake node. Default `api`. */
  readonly parts?: 'api' | 'controllers' | 'pods';
  /** Files to apply at once, such as custom resource definitions. */
  readonly apply?: readonly string[];
}

/** One request that the API server has answered. */
export interface AuditedRequest {
  /** get, list, watch, create, update, patch, delete. */
  readonly verb: string;
  readonly user: string;
  readonly userAgent: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly code: number;
}

export interface RunningKubernetes {
  /** The file of an administrator. */
  readonly kubeconfig: string;
  readonly config: KubeConfig;
  readonly server: string;
  readonly folder: string;
  readonly apiServer: ServerProcess;
  readonly etcd: ServerProcess;
  /** Runs kubectl as an administrator. @throws Error with what it wrote to stderr */
  kubectl(args: readonly string[], stdin?: string): Promise<string>;
  /** Applies objects as kubectl does. */
  apply(...objects: readonly object[]): Promise<void>;
  /** An object, parsed; undefined when there is none. */
  get(what: string, name: string, namespace?: string): Promise<KubernetesObject | undefined>;
  /** The kubeconfig file of a service account, which is made if it is not there. */
  kubeconfigFor(serviceAccount: string, namespace?: string): Promise<string>;
  /** Kills the API server and waits until a new one answers. */
  restartApiServer(): Promise<void>;
  /** Forgets all history, so that watches and lists from an older resource version are answered with 410. */
  compactEtcd(): Promise<void>;
  /** Requests answered so far, in order. */
  audit(): Promise<AuditedRequest[]>;
  stop(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: tests look at any field of any kind
export type KubernetesObject = { metadata: any; spec?: any; status?: any; data?: any; [field: string]: any };

const run = promisify(execFile);

/** The addresses of Services. Set aside for tests of networks (RFC 2544), as all of a real node are: see node/network.ts. */
export const serviceRange = '198.19.0.0/16';
/** That of the Service `kubernetes` is always the first. */
export const apiServiceAddress = '198.19.0.1';

const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted'],
  rules: [{ level: 'Metadata' }],
};

export async function startKubernetes({
  parts = 'api',
  apply = [],
}: KubernetesOptions = {}): Promise<RunningKubernetes> {
  const folder = temporaryFolder('kubernetes');
  const [port, etcdPort, peerPort, ...rest] = await freePorts(6);
  const server = `https://127.0.0.1:${port}`;
  const names = ['DNS:kubernetes', 'DNS:kubernetes.default', 'DNS:kubernetes.default.svc', `IP:${apiServiceAddress}`];
  const certificates = makeCertificates(folder, names);
  const { ca, caFile, serverCertFile, serverKeyFile } = certificates;
  const at = (name: string) => join(folder, name);
  const token = randomBytes(16).toString('hex');
  const kubeconfig = at('admin.kubeconfig');
  writeFileSync(at('tokens.csv'), `${token},admin,admin,"system:masters"\n`);
  writeFileSync(at('audit-policy.yaml'), stringify(auditPolicy));
  writeFileSync(kubeconfig, kubeconfigText(server, ca, token));
  execFileSync('openssl', ['genrsa', '-out', at('sa.key'), '2048'], { stdio: 'pipe' });
  execFileSync('openssl', ['rsa', '-in', at('sa.key'), '-pubout', '-out', at('sa.pub')], { stdio: 'pipe' });

  const part = (name: string, command: string, args: readonly string[]) =>
    new ServerProcess({ name, command, args, logFile: at(`${name}.log`) });
  const etcd = part('etcd', program('etcd')!, [
    ...['--name=test', `--data-dir=${at('etcd')}`, '--log-level=error', '--unsafe-no-fsync'],
    ...[`--listen-client-urls=http://127.0.0.1:${etcdPort}`, `--advertise-client-urls=http://127.0.0.1:${etcdPort}`],
    ...[
      `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
      `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
    ],
    `--initial-cluster=test=http://127.0.0.1:${peerPort}`,
  ]);
  const apiServer = part('kube-apiserver', kubernetesProgram('kube-apiserver'), [
    ...[`--etcd-servers=http://127.0.0.1:${etcdPort}`, '--bind-address=127.0.0.1', `--secure-port=${port}`],
    ...[
      '--advertise-address=127.0.0.1',
      '--endpoint-reconciler-type=none',
      `--service-cluster-ip-range=${serviceRange}`,
    ],
    ...[`--kubelet-client-certificate=${certificates.clientCertFile}`, '--kubelet-preferred-address-types=InternalIP'],
    `--kubelet-client-key=${certificates.clientKeyFile}`,
    ...[`--tls-cert-file=${serverCertFile}`, `--tls-private-key-file=${serverKeyFile}`, `--client-ca-file=${caFile}`],
    ...['--service-account-issuer=https://kubernetes.default.svc', `--service-account-key-file=${at('sa.pub')}`],
    ...[`--service-account-signing-key-file=${at('sa.key')}`, `--token-auth-file=${at('tokens.csv')}`],
    ...['--authorization-mode=Node,RBAC', '--allow-privileged=true', '--profiling=false'],
    ...[`--audit-policy-file=${at('audit-policy.yaml')}`, `--audit-log-path=${at('audit.log')}`],
  ]);
  // Their own limits are for clusters that last: twenty requests a second are what two hundred bridges waited for.
  const unlimited = ['--kube-api-qps=1000', '--kube-api-burst=1000'];
  const controllers = ['--profiling=false', '--leader-elect=false', '--bind-address=127.0.0.1', ...unlimited];
  const others = {
    'kube-controller-manager': part('kube-controller-manager', kubernetesProgram('kube-controller-manager'), [
      ...[...controllers, `--secure-port=${rest[0]}`, `--kubeconfig=${kubeconfig}`, `--root-ca-file=${caFile}`],
      ...['--use-service-account-credentials=true', `--service-account-private-key-file=${at('sa.key')}`],
      // A claim that comes a moment before its volume is Available waits for the next look, which is every 15 s.
      '--pvclaimbinder-sync-period=1s',
    ]),
    'kube-scheduler': part('kube-scheduler', kubernetesProgram('kube-scheduler'), [
      ...[...controllers, `--secure-port=${rest[1]}`, `--kubeconfig=${kubeconfig}`],
      // A Pod whose claim was bound in the wrong moment is tried again after half a minute instead of five.
      '--pod-max-in-unschedulable-pods-duration=5s',
    ]),
    kwok: part('kwok', kwokProgram(), [
      ...[`--kubeconfig=${kubeconfig}`, '--manage-all-nodes=false', '--node-lease-duration-seconds=40'],
      ...['--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake', `--server-address=127.0.0.1:${rest[2]}`],
      `--config=${join(import.meta.dirname, 'kwok-stages.yaml')}`,
    ]),
  };
  const started = [
    etcd,
    apiServer,
    ...(parts === 'api' ? [] : Object.values(others).slice(0, parts === 'pods' ? 3 : 2)),
  ];

  const kubectl = async (args: readonly string[], stdin?: string) => {
    const child = run(
      kubernetesProgram('kubectl'),
      ['--kubeconfig', kubeconfig, '--cache-dir', at('kubectl'), ...args],
      {
        maxBuffer: 64 * 1024 * 1024,
      },
    );
    // One that ends without having read says why itself.
    child.child.stdin!.on('error', () => undefined).end(stdin ?? '');
    return (await child).stdout;
  };
  const applied = (...objects: readonly object[]) =>
    kubectl(['apply', '--server-side', '-f', '-'], objects.map(object => stringify(object)).join('---\n'));
  const apiReady = () =>
    untilStarted(
      'the API server',
      async () => apiServer.pid > 0 && (await kubectl(['get', '--raw', '/readyz'])) === 'ok',
    );
  const stop = async () => {
    await Promise.all([...started].reverse().map(each => each.kill()));
    removeFolder(folder);
  };
  try {
    await etcd.launch();
    await apiServer.launch();
    await apiReady();
    for (const each of started.slice(2)) await each.launch();
    await Promise.all(apply.map(file => kubectl(['apply', '--server-side', '-f', file])));
    // kubectl fails at once on a definition that has no conditions yet.
    if (apply.length > 0) {
      await untilStarted('the definitions', () =>
        kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=120s']),
      );
    }
    if (parts !== 'api')
      await untilStarted('the default service account', () => kubectl(['get', 'serviceaccount', 'default']));
    if (parts === 'pods') {
      await applied(fakeNode);
      await kubectl(['wait', '--for=condition=Ready', 'node/fake', '--timeout=120s']);
    }
  } catch (error) {
    const log = started.map(each => each.log(5)).join('\n');
    await stop();
    throw new Error(`${(error as Error).message}\n${log}`, { cause: error });
  }
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return {
    kubeconfig,
    config,
    server,
    folder,
    apiServer,
    etcd,
    kubectl,
    apply: async (...objects) => void (await applied(...objects)),
    get: async (what, name, namespace = 'default') => {
      const text = await kubectl(['get', what, name, '-n', namespace, '--ignore-not-found', '-o', 'json']);
      return text === '' ? undefined : (JSON.parse(text) as KubernetesObject);
    },
    kubeconfigFor: async (serviceAccount, namespace = 'default') => {
      await applied({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: serviceAccount, namespace } });
      await rightsAreKnown(kubectl);
      const issued = await kubectl(['create', 'token', serviceAccount, '-n', namespace, '--duration=3h']);
      const file = at(`${namespace}-${serviceAccount}.kubeconfig`);
      writeFileSync(file, kubeconfigText(server, ca, issued.trim()));
      return file;
    },
    restartApiServer: async () => {
      await apiServer.kill();
      await apiServer.launch();
      await apiReady();
    },
    compactEtcd: async () => {
      const etcdctl = (...args: string[]) =>
        run('etcdctl', [`--endpoints=http://127.0.0.1:${etcdPort}`, ...args], {
          env: { ...process.env, ETCDCTL_API: '3' },
        });
      const { stdout } = await etcdctl('endpoint', 'status', '-w', 'json');
      const [{ Status }] = JSON.parse(stdout) as [{ Status: { header: { revision: number } } }];
      await etcdctl('compact', String(Status.header.revision), '--physical');
    },
    audit: () => readAudit(at('audit.log')),
    stop,
  };
}

const kubeconfigText = (server: string, ca: string, token: string) =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  });

const capacity = { cpu: '1000', memory: '1Ti', pods: '10000' };

const fakeNode = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: 'fake',
    annotations: { 'kwok.x-k8s.io/node': 'fake' },
    labels: { 'kubernetes.io/hostname': 'fake', 'kubernetes.io/os': 'linux' },
  },
  status: { capacity, allocatable: capacity },
};

async function readAudit(file: string): Promise<AuditedRequest[]> {
  const requests: AuditedRequest[] = [];
  const text = await readFile(file, 'utf8');
  // The last line may be half written.
  for (const line of text.split('\n').slice(0, -1)) {
    const { verb, user, userAgent = '', objectRef = {}, responseStatus = {} } = JSON.parse(line);
    const { resource = '', subresource = '', namespace = '', name = '' } = objectRef;
    requests.push({
      verb,
      user: user.username,
      userAgent,
      resource,
      subresource,
      namespace,
      name,
      code: responseStatus.code,
    });
  }
  return requests;
}
