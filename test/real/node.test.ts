import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { troubleOf } from '../../operator/observed/pod-trouble.ts';
import { forgetProcess, rememberProcess } from './cleanup.ts';
import { type KubernetesObject, type RunningKubernetes, startKubernetes } from './kubernetes.ts';
import { removeCgroups } from './node/cgroups.ts';
import { importNodeImage, nodeImage } from './node/images.ts';
import { isConnected } from './node/network.ts';
import { type RunningNode, startNode } from './node.ts';
import { describeReal } from './require.ts';
import { until } from './until.ts';

const minute = 60_000;

describeReal(
  'openssl',
  'etcd',
  'kubernetes',
  'node',
)('a real node', () => {
  let before: Machine;
  let kubernetes: RunningKubernetes;
  let node: RunningNode;
  beforeAll(async () => {
    await until('another test to stop its node', () => !isConnected(), { timeoutMs: 2 * minute });
    // A test that was killed has left its own, and this node is going to remove them.
    await removeCgroups();
    before = machine();
    kubernetes = await startKubernetes({ parts: 'controllers' });
    node = await startNode(kubernetes);
    await importNodeImage(node);
    await kubernetes.apply(greeting, web, webService);
    await kubernetes.kubectl(['rollout', 'status', 'deployment/web', '--timeout=120s']);
  }, 5 * minute);
  afterAll(async () => {
    await node?.stop();
    await kubernetes?.stop();
  }, minute);

  /** The Pods of the Deployment that are not on their way out. */
  const pods = async (): Promise<KubernetesObject[]> =>
    JSON.parse(await kubernetes.kubectl(['get', 'pods', '-l', 'app=web', '-o', 'json'])).items.filter(
      (pod: KubernetesObject) => !pod.metadata.deletionTimestamp,
    );
  const names = async () => (await pods()).map(pod => pod.metadata.name as string);
  const isReady = (pod: KubernetesObject) => pod.status.containerStatuses?.[0].ready === true;

  /** Runs a program of Node in a Pod to its end. @returns what it has written */
  const inPod = async (name: string, program: string, spec: object = {}): Promise<string> => {
    const containers = [container(program)];
    await kubernetes.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: { restartPolicy: 'Never', containers, ...spec },
    });
    await until(`the Pod ${name} to end`, async () => {
      const { phase } = (await kubernetes.get('pod', name))!.status;
      return phase === 'Succeeded' || phase === 'Failed';
    });
    return kubernetes.kubectl(['logs', name]);
  };

  it('runs a Deployment as it says: its user, a root that nobody writes to, a ConfigMap as files, probes', async () => {
    const address = (await kubernetes.get('service', 'web'))!.spec.clusterIP;
    // Its Pods are ready before the node knows the way to them.
    const answer = await until('the Service to answer', () => fetch(`http://${address}/`));
    expect(await answer.json()).toEqual({ user: 1000, write: 'EROFS', greeting: 'hello' });
    for (const { metadata } of await pods()) {
      const log = await kubernetes.kubectl(['logs', metadata.name]);
      expect(log).toMatch(/probed by kube-probe/);
    }
  });

  it('gives a Pod names of Services, and ways to them', async () => {
    const program = `fetch('http://web.default.svc.cluster.local').then(answer => answer.json()).then(({greeting}) => console.log(greeting))`;
    expect(await inPod('client', program)).toBe('hello\n');
    expect(await inPod('lost', `fetch('http://nowhere').catch(error => console.log(error.cause.code))`)).toBe(
      'ENOTFOUND\n',
    );
  });

  it('lets no Pod out of this machine', async () => {
    const program = `require('net').connect(80, '203.0.113.1').on('error', error => console.log(error.code))`;
    expect(await inPod('fugitive', program)).toMatch(/^E(NET|HOST)UNREACH\n$/);
  });

  it('lets a Pod ask the API server as its service account, and no more than that may', async () => {
    const rules = [{ apiGroups: [''], resources: ['configmaps'], resourceNames: ['greeting'], verbs: ['get'] }];
    const subjects = [{ kind: 'ServiceAccount', name: 'reader', namespace: 'default' }];
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' };
    const rbac = 'rbac.authorization.k8s.io/v1';
    const metadata = { name: 'reader' };
    await kubernetes.apply(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
      { apiVersion: rbac, kind: 'Role', metadata, rules },
      { apiVersion: rbac, kind: 'RoleBinding', metadata, subjects, roleRef },
    );
    expect(await inPod('reader', askApiServer, { serviceAccountName: 'reader' })).toBe('200 403\n');
  });

  it('opens a port of this machine to Pods when asked', async () => {
    const server = createServer(socket => socket.end('from outside'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as { port: number };
    await node.open(port);
    const program = `require('net').connect(${port}, '${node.host}').pipe(process.stdout)`;
    expect(await inPod('outward', program)).toBe('from outside');
    server.close();
  });

  it('runs commands in its containers', async () => {
    const [name] = await names();
    expect(await kubernetes.kubectl(['exec', name!, '--', 'node', '-p', 'process.getuid()'])).toBe('1000\n');
  });

  it('starts a container again that was killed', async () => {
    const [{ metadata, status }] = (await pods()) as [KubernetesObject];
    const [, container] = status.containerStatuses[0].containerID.split('//');
    await node.ctr(['tasks', 'kill', '--signal', 'SIGKILL', container]);
    const again = await until('another container to be ready', async () => {
      const pod = (await kubernetes.get('pod', metadata.name))!;
      const { restartCount } = pod.status.containerStatuses[0];
      return restartCount > status.containerStatuses[0].restartCount && isReady(pod) ? pod : undefined;
    });
    expect(again.status.containerStatuses[0].lastState.terminated.exitCode).toBe(137);
  });

  // A bridge that crashed was in CrashLoopBackOff, and its log was in a container that was gone.
  it.each([
    [
      'its last line',
      `console.log('started'); console.error('error: no topic a'); process.exit(78)`,
      'error: no topic a',
    ],
    [
      'the message of its last line, where that is JSON',
      `console.log('{"level":60,"msg":"ended","err":{"message":"no topic b"}}'); process.exit(78)`,
      'ended: no topic b',
    ],
    [
      'what it wrote down for the kubelet',
      `require('fs').appendFileSync('/dev/termination-log', 'no topic c [topic-missing]\\n'); console.log('bye'); process.exit(78)`,
      'no topic c [topic-missing]',
    ],
  ])('keeps of a program that ends %s, which the operator reads', async (what, program, said) => {
    const name = `ended-${what.length}`;
    await inPod(name, program, {
      containers: [{ ...container(program), terminationMessagePolicy: 'FallbackToLogsOnError' }],
    });
    const { status } = (await kubernetes.get('pod', name))!;
    expect(troubleOf(status)?.message).toBe(`container main ended with exit code 78: ${said}`);
  });

  it('is drained no faster than a PodDisruptionBudget allows', async () => {
    const [first, second] = await names();
    await kubernetes.apply(budget);
    await until('the budget to count its Pods', async () => {
      return (await kubernetes.get('pdb', 'web'))!.status?.disruptionsAllowed === 1;
    });
    const drained = kubernetes.kubectl(['drain', node.name, '--ignore-daemonsets', '--timeout=120s', '--force']);
    // The successor of the first cannot start, so the second must stay.
    const refused = async () =>
      (await kubernetes.audit()).some(({ subresource, code }) => subresource === 'eviction' && code === 429);
    await until('an eviction to be refused', refused);
    const left = (await pods()).filter(isReady).map(pod => pod.metadata.name);
    expect(left).toHaveLength(1);
    expect([first, second]).toContain(left[0]);

    await kubernetes.kubectl(['uncordon', node.name]);
    await drained;
    await kubernetes.kubectl(['rollout', 'status', 'deployment/web', '--timeout=120s']);
    const successors = await names();
    expect(successors).toHaveLength(2);
    expect(successors).not.toContain(first);
    expect(successors).not.toContain(second);
  });

  it('leaves nothing behind when it is stopped', async () => {
    expect(processesOf(node.folder).length).toBeGreaterThan(5);
    const now = machine();
    expect(now.interfaces).not.toEqual(before.interfaces);
    expect(now.cgroups).not.toEqual(before.cgroups);
    await node.stop();
    expect(machine()).toEqual(before);
    expect(processesOf(node.folder)).toEqual([]);
    expect(existsSync(node.folder)).toBe(false);
  });

  it('starts where a test was killed that had a node, and of that nothing is left', async () => {
    const victim = spawn(process.execPath, ['--input-type=module-typescript', '-e', careless]);
    rememberProcess(victim.pid!);
    const [folder] = (await once(createInterface(victim.stdout), 'line')) as [string];
    expect(isConnected()).toBe(true);
    expect(processesOf(folder).length).toBeGreaterThan(3);
    victim.kill('SIGKILL');
    await once(victim, 'exit');
    forgetProcess(victim.pid!);
    node = await startNode(kubernetes);
    expect(existsSync(folder)).toBe(false);
    expect(processesOf(folder)).toEqual([]);
    await node.stop();
    expect(machine()).toEqual(before);
  });

  it('leaves nothing behind when it cannot start', async () => {
    await kubernetes.apiServer.kill();
    await expect(startNode(kubernetes)).rejects.toThrow(/connection.*refused/);
    expect(machine()).toEqual(before);
  });
});

const careless = `
  import { startKubernetes } from '${new URL('./kubernetes.ts', import.meta.url)}';
  import { startNode } from '${new URL('./node.ts', import.meta.url)}';
  console.log((await startNode(await startKubernetes({ parts: 'controllers' }))).folder);
`;

/** What a node could change of the machine. */
function machine() {
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { encoding: 'utf8' });
  const setting = (name: string) => readFileSync(`/proc/sys/${name}`, 'utf8').trim();
  return {
    interfaces: run('ip', '-brief', 'link').replace(/ +/g, ' '),
    routes: run('ip', 'route'),
    // Somebody else's Docker engine is no part of this.
    mounts: readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter(mount => !mount.includes('/docker/')),
    namespaces: existsSync('/run/netns') ? readdirSync('/run/netns') : [],
    cgroups: run('find', '/sys/fs/cgroup', '-maxdepth', '2', '-name', 'mkb-*'),
    settings: ['net/ipv4/ip_forward', 'kernel/panic', 'vm/overcommit_memory'].map(setting),
  };
}
type Machine = ReturnType<typeof machine>;

/** Those of a node and those of its containers. */
function processesOf(folder: string): string[] {
  const belongs = (pid: string) => {
    try {
      const [command, groups] = ['cmdline', 'cgroup'].map(name => readFileSync(`/proc/${pid}/${name}`, 'utf8'));
      return command!.includes(folder) || groups!.includes('/mkb-node-');
    } catch {
      // It has just ended.
      return false;
    }
  };
  return readdirSync('/proc').filter(name => /^\d+$/.test(name) && belongs(name));
}

const container = (program: string) => ({
  name: 'main',
  image: nodeImage,
  args: ['-e', program],
  securityContext: {
    runAsNonRoot: true,
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
  },
});

const server = `
  const fs = require('fs');
  const write = () => { try { fs.writeFileSync('/file', ''); } catch (error) { return error.code; } };
  const greeting = () => fs.readFileSync('/greeting/text', 'utf8');
  require('http').createServer((request, response) => {
    console.log('probed by', request.headers['user-agent']);
    response.end(JSON.stringify({ user: process.getuid(), write: write(), greeting: greeting() }));
  }).listen(8080);
  process.on('SIGTERM', () => process.exit());
`;

const askApiServer = `
  const folder = '/var/run/secrets/kubernetes.io/serviceaccount';
  const read = name => require('fs').readFileSync(folder + '/' + name, 'utf8');
  const ask = path => new Promise((resolve, reject) => require('https').get(
    'https://kubernetes.default.svc/api/v1/namespaces/default/' + path,
    { ca: read('ca.crt'), headers: { authorization: 'Bearer ' + read('token') } },
    answer => resolve(answer.resume().statusCode),
  ).on('error', reject));
  Promise.all(['configmaps/greeting', 'secrets'].map(ask)).then(codes => console.log(...codes));
`;

const labels = { app: 'web' };
const greeting = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'greeting' }, data: { text: 'hello' } };
const probe = { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 };
const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        containers: [
          {
            ...container(server),
            readinessProbe: probe,
            // It is alive on the busiest machine.
            livenessProbe: { ...probe, failureThreshold: 120 },
            volumeMounts: [{ name: 'greeting', mountPath: '/greeting' }],
          },
        ],
        volumes: [{ name: 'greeting', configMap: { name: 'greeting' } }],
      },
    },
  },
};
const webService = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
};
const budget = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'web' },
  spec: { minAvailable: 1, selector: { matchLabels: labels } },
};
