/** Which cluster a command talks to, as kubectl's own options say it. */
import type { Command } from 'commander';

export interface KubeConfigOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Gives a command the options, with kubectl's names. */
export const withKubeConfigOptions = (command: Command): Command =>
  command
    .option('--kubeconfig <file>', 'the kubeconfig to use, in place of $KUBECONFIG or ~/.kube/config')
    .option('--context <name>', 'the context of the kubeconfig to use');
