/** What the parts of a real node are told, as files in its folder. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { RunningKubernetes } from '../kubernetes.ts';
import { cgroupName } from './cgroups.ts';
import { hostAddress, nodeAddress, podRange } from './network.ts';
import { cniFolder } from './programs.ts';

export const nodeName = 'node';
export const pauseImage = 'docker.io/mkb/pause:1';

/** Where what is, in the folder of a node. Containerd's socket is short of the 107 bytes that a path of a socket may have. */
export const paths = (folder: string) => ({
  containerd: join(folder, 'containerd.toml'),
  socket: join(folder, 'containerd.sock'),
  kubelet: join(folder, 'kubelet.yaml'),
  kubeletFolder: join(folder, 'kubelet'),
  kubeProxy: join(folder, 'kube-proxy.yaml'),
  coreDns: join(folder, 'Corefile'),
  kubeconfig: (user: string) => join(folder, `${user}.kubeconfig`),
});

/**
 * Writes them all.
 *
 * @param port of the API server, at this machine's end of the cable
 */
export function writeConfiguration(folder: string, kubernetes: RunningKubernetes, port: number): void {
  const at = paths(folder);
  writeFileSync(at.containerd, containerd(folder));
  for (const name of ['cni', 'logs', 'plugins']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'cni', '10-pods.conflist'), JSON.stringify(podNetwork(folder)));
  writeFileSync(join(folder, 'resolv.conf'), `nameserver ${nodeAddress}\n`);
  writeFileSync(at.kubelet, stringify(kubelet(folder, kubernetes)));
  writeFileSync(at.kubeProxy, stringify(kubeProxy(folder)));
  writeFileSync(at.coreDns, coreDns(folder));
  const server = `https://${hostAddress}:${port}`;
  const users = {
    kubelet: { as: `system:node:${nodeName}`, 'as-groups': ['system:nodes'] },
    'kube-proxy': { as: 'system:kube-proxy' },
    coredns: {},
  };
  for (const [name, user] of Object.entries(users)) {
    writeFileSync(at.kubeconfig(name), kubeconfig(kubernetes, server, user));
  }
}

/** The administrator's file, for somebody whom he impersonates: a kubelet may then do what a kubelet may, and no more. */
function kubeconfig(kubernetes: RunningKubernetes, server: string, user: object): string {
  const config = parse(readFileSync(kubernetes.kubeconfig, 'utf8'));
  Object.assign(config.clusters[0].cluster, { server, 'tls-server-name': 'kubernetes' });
  Object.assign(config.users[0].user, user);
  return stringify(config);
}

/** Root of some machines may not lower a score for the killer of processes out of memory, so containerd does not try. */
const containerd = (folder: string) => `
version = 2
root = "${folder}/containerd"
state = "/run/containerd-state"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs"]
[grpc]
  address = "${paths(folder).socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${cniFolder()}"
    conf_dir = "${folder}/cni"
`;

/**
 * A cable from each Pod to the node, which routes. With a bridge between Pods instead, an answer could go from Pod to Pod past the
 * node, and not come from the Service's address that was asked.
 */
const podNetwork = (folder: string) => ({
  cniVersion: '0.4.0',
  name: 'pods',
  plugins: [
    {
      type: 'ptp',
      ipam: {
        type: 'host-local',
        ranges: [[{ subnet: podRange }]],
        routes: [{ dst: '0.0.0.0/0' }],
        dataDir: join(folder, 'addresses'),
      },
    },
  ],
});

const kubelet = (folder: string, kubernetes: RunningKubernetes) => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  address: nodeAddress,
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: false },
    x509: { clientCAFile: join(kubernetes.folder, 'ca.crt') },
  },
  authorization: { mode: 'AlwaysAllow' },
  containerRuntimeEndpoint: `unix://${paths(folder).socket}`,
  cgroupDriver: 'cgroupfs',
  cgroupRoot: `/${cgroupName}`,
  failSwapOn: false,
  clusterDNS: [nodeAddress],
  clusterDomain: 'cluster.local',
  resolvConf: join(folder, 'resolv.conf'),
  podLogsDir: join(folder, 'logs'),
  volumePluginDir: join(folder, 'plugins'),
  // No registry is asked, so an image that was removed would never come back.
  imageGCHighThresholdPercent: 100,
  evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
  // A changed ConfigMap is seen in its files within this time.
  syncFrequency: '5s',
  oomScoreAdj: 0,
});

const kubeProxy = (folder: string) => ({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'iptables',
  bindAddress: nodeAddress,
  healthzBindAddress: '127.0.0.1:10256',
  metricsBindAddress: '127.0.0.1:10249',
  hostnameOverride: nodeName,
  clusterCIDR: podRange,
  clientConnection: { kubeconfig: paths(folder).kubeconfig('kube-proxy') },
  iptables: { minSyncPeriod: '100ms' },
  // 0: leave the kernel's, which are the whole machine's.
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  oomScoreAdj: 0,
});

/** There is nobody to ask for names that are not of the cluster, so there are none: a Pod must not take that for a failure that passes. */
const coreDns = (folder: string) => `
cluster.local in-addr.arpa {
  bind ${nodeAddress}
  errors
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${paths(folder).kubeconfig('coredns')} test
  }
}
. {
  bind ${nodeAddress}
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`;
