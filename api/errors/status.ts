/** Errors: what a person meets who looks at the bridges of a cluster. */
import { table } from './entry.ts';

export const statusErrors = table({
  'bridges-not-installed': {
    kind: 'permanent',
    message: ({ server }: { server: string }) =>
      `The cluster at ${server} has no bridges: it does not know the kind MqttKafkaBridge.`,
    remedy:
      'Install the operator (kubectl apply -f deploy/install.yaml, see docs/install-kubernetes.md), or name another cluster with --context.',
  },
  'bridges-forbidden': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => `You may not look at these bridges: ${reason}.`,
    remedy:
      "Ask for the role view in that namespace (or in the cluster, for --all-namespaces), or name a namespace of yours with -n. The operator's installation lets view see bridges.",
  },
  'bridges-unreadable': {
    kind: 'retryable',
    message: ({ reason }: { reason: string }) => `The bridges cannot be read. ${reason}`,
    remedy: 'See whether kubectl get mkb works with the same kubeconfig and context; what helps it helps here.',
  },
  'bridge-not-found': {
    kind: 'permanent',
    message: ({ name, where, meant }: { name: string; where: string; meant: string | undefined }) =>
      `There is no bridge ${name} in ${where}.${meant === undefined ? '' : ` Did you mean ${meant}?`}`,
    remedy: 'mkb status --all-namespaces shows the bridges there are; -n names the namespace.',
  },
});
