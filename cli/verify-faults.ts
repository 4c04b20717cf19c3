/** What `mkb verify` breaks: the bridge goes away, a person restarts things, or they are restarted in Compose and Kubernetes. */
import { execFile } from 'node:child_process';
import { createInterface } from 'node:readline/promises';
import { promisify } from 'node:util';
import { MkbError } from '../api/errors.ts';
import type { TrialFault } from '../bridge/verify/trial.ts';

export type FaultMode = 'bridge' | 'ask' | 'compose' | 'kubernetes';

export interface FaultOptions {
  readonly faults: FaultMode;
  /** What the MQTT server and Kafka are called there: services, or Pods. */
  readonly mqttTargets: readonly string[];
  readonly kafkaTargets: readonly string[];
  readonly composeFile?: string;
  readonly namespace?: string;
  readonly context?: string;
  readonly kubeconfig?: string;
  /** Killed, without the time to write what they have. */
  readonly kill?: true;
}

const run = promisify(execFile);
type Side = 'mqtt' | 'kafka';

const bridgeAway: TrialFault = {
  name: 'the bridge is killed, and away for a while',
  side: 'bridge',
  act: async () => undefined,
};

/** @param ask shows a question, and returns when it is answered */
export function faultsOf(
  options: FaultOptions,
  ask: (question: string, signal: AbortSignal) => Promise<void> = askOnTerminal,
): TrialFault[] {
  if (options.faults === 'bridge') return [bridgeAway];
  if (options.faults === 'ask') return [bridgeAway, asked('mqtt', ask), asked('kafka', ask)];
  const act = options.faults === 'compose' ? restartService : deletePod;
  const of = (side: Side, names: readonly string[]) =>
    names.map(
      (name): TrialFault => ({
        name: `${name} is ${options.kill ? 'killed' : 'restarted'}${side === 'mqtt' ? ' while the bridge is away' : ''}`,
        side,
        act: signal => act(name, options, signal),
      }),
    );
  return [bridgeAway, ...of('mqtt', options.mqttTargets), ...of('kafka', options.kafkaTargets)];
}

const whats = { mqtt: 'your MQTT server', kafka: 'a broker of your Kafka' } as const;

const asked = (side: Side, ask: (question: string, signal: AbortSignal) => Promise<void>): TrialFault => ({
  name: `${whats[side]} is restarted${side === 'mqtt' ? ' while the bridge is away' : ''}`,
  side,
  act: signal => ask(`Restart ${whats[side]} now, or pull its plug. When it runs again, press Enter: `, signal),
});

async function askOnTerminal(question: string, signal: AbortSignal): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // On a terminal it is readline that gets Ctrl-C; as a signal it ends the trial in order.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    await lines.question(question, { signal });
  } finally {
    lines.close();
  }
}

async function restartService(
  service: string,
  { composeFile, kill }: FaultOptions,
  signal: AbortSignal,
): Promise<void> {
  const compose = ['compose', ...(composeFile === undefined ? [] : ['--file', composeFile])];
  if (!kill) return command('docker', [...compose, 'restart', service], signal);
  await command('docker', [...compose, 'kill', service], signal);
  await command('docker', [...compose, 'start', service], signal);
}

/**
 * The Pod of a StatefulSet comes back under its name; another is replaced by one of another name. Its successor need not be ready: whether messages flow
 * again is what is waited for.
 */
async function deletePod(pod: string, options: FaultOptions, signal: AbortSignal): Promise<void> {
  const { kill, namespace, context, kubeconfig } = options;
  const cluster = [
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
    ...(context === undefined ? [] : ['--context', context]),
    ...(namespace === undefined ? [] : ['--namespace', namespace]),
  ];
  const hard = kill ? ['--grace-period=0', '--force'] : [];
  await command('kubectl', [...cluster, 'delete', 'pod', pod, '--wait=true', ...hard], signal);
}

async function command(program: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  try {
    await run(program, args, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    const { stderr = '', message } = cause as { stderr?: string; message: string };
    const reason = (stderr.trim() || message).split('\n').at(-1)!;
    throw new MkbError('verify-fault-failed', { command: [program, ...args].join(' '), reason }, { cause });
  }
}
