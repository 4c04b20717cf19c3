/** Errors: the Kubernetes API and the operator. */
import { table } from './entry.ts';

export const kubernetesErrors = table({
  'kube-unreachable': {
    kind: 'retryable',
    message: ({ server, reason }: { server: string; reason: string }) =>
      `The Kubernetes API server ${server} cannot be reached: ${reason}.`,
    remedy: 'Check the kubeconfig (or the service account) and the network; it is tried again.',
  },
});
