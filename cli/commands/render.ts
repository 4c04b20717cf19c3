/** The command line of `mkb render`. */
import { Command } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import type { RenderOptions } from '../render.ts';

const help = `
Prints what the operator would make of documents, as YAML, without looking at any cluster: the same text each time. Passwords that the operator would make
up are not printed, as this is likely to be kept in a repository: the Secrets that hold them are named on stderr, and --secrets prints
them with new passwords, to be applied once. Nobody drains sessions and heals what was changed: that is what the operator is for.

Examples:
  mkb render k8s bridge.yaml | kubectl apply --server-side -f -
  mkb render k8s bridge.yaml --namespace shop > shop/bridge.yaml
  mkb render k8s bridge.yaml --secrets | kubectl create -f -          the first time
  mkb render k8s bridge.yaml --config operator.yaml                   with other images
${exitCodeHelp(
  [exitCodes.ok, 'printed'],
  [exitCodes.failed, 'something must be looked up in a cluster (brokerRef, clusterRef)'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.configuration, 'a document is not valid; nothing is printed'],
)}`;

export const renderCommand = (): Command =>
  new Command('render').addCommand(
    new Command('k8s')
      .description('print the Kubernetes objects of documents, for clusters without the operator')
      .argument('<file...>', 'files, folders, or - for standard input')
      .option('-n, --namespace <name>', "the namespace of the objects, in place of the documents' own")
      .option('--config <file>', 'a document of the kind MqttKafkaOperator, for images and defaults')
      .option('--secrets', 'print only the Secrets of passwords that are made up, with new passwords')
      .addHelpText('after', help)
      .action(async (files: string[], options: RenderOptions) => {
        const { render } = await import('../render.ts');
        process.exitCode = await render(files, options);
      }),
  );
