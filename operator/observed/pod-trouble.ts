/**
 * Why a Pod does not run, as its status has it: it fits on no node, its image is not found, a key of a Secret is missing, its program ends.
 *
 * Of a program that ends, the reason is in what it said last: the kubelet keeps that, from /dev/termination-log or from the end of its log
 * (`terminationMessagePolicy: FallbackToLogsOnError`).
 * https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
 */

export interface PodTrouble {
  /** One word in CamelCase, Kubernetes' own where it has one: `ImagePullBackOff`. */
  readonly reason: string;
  readonly message: string;
}

/** The last end of a container that runs again. */
export interface PodCrash extends PodTrouble {
  readonly restarts: number;
  /** Since when it runs again (RFC 3339); undefined while it does not. */
  readonly runsSince: string | undefined;
}

export interface PodStatus {
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason?: string;
    readonly message?: string;
  }[];
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
}

interface ContainerStatus {
  readonly name: string;
  readonly restartCount?: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: string };
  readonly terminated?: Ended;
}

interface Ended {
  readonly exitCode: number;
  readonly reason?: string;
  readonly message?: string;
}

/** Waiting for these is how every Pod begins. */
const beginnings: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing']);

/** Of a message, which anyone who makes Pods may write, characters. */
const longestMessage = 1000;

/** Of a Pod that is not ready; undefined while it only starts. */
export function troubleOf(status: PodStatus): PodTrouble | undefined {
  const found = foundTrouble(status);
  return found && { ...found, message: found.message.slice(0, longestMessage) };
}

function foundTrouble(status: PodStatus): PodTrouble | undefined {
  const scheduled = status.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False') {
    return { reason: scheduled.reason || 'Unschedulable', message: scheduled.message || 'no node takes it' };
  }
  for (const container of containersOf(status)) {
    const trouble = containerTrouble(container);
    if (trouble) return trouble;
  }
  // Such as Evicted, which is said of the Pod and of no container.
  if (status.phase === 'Failed')
    return { reason: status.reason || 'PodFailed', message: status.message || 'it failed' };
  return undefined;
}

/** Whether a container waits to be made: why that lasts, such as a volume that cannot be mounted, is in the events of the Pod. */
export const isBeginning = (status: PodStatus): boolean =>
  containersOf(status).some(({ state }) => beginnings.has(state?.waiting?.reason ?? ''));

/** Whether an init container has done its work and left this note in /dev/termination-log. */
export const endedWith = ({ initContainerStatuses = [] }: PodStatus, note: string): boolean =>
  initContainerStatuses.some(({ state }) => state?.terminated?.message?.trim() === note);

const containersOf = ({ initContainerStatuses = [], containerStatuses = [] }: PodStatus) => [
  ...initContainerStatuses,
  ...containerStatuses,
];

function containerTrouble(container: ContainerStatus): PodTrouble | undefined {
  const { name, state = {} } = container;
  const { reason, message } = state.waiting ?? {};
  if (reason === 'CrashLoopBackOff') return crashOfContainer(container) ?? { reason, message: `container ${name}` };
  if (reason && !beginnings.has(reason)) return { reason, message: `container ${name}: ${message || reason}` };
  // One that has ended, and one that has been started again and is not ready yet, are the same trouble at two moments.
  return crashOfContainer(container);
}

function crashOfContainer({ name, state, lastState, restartCount = 0 }: ContainerStatus): PodTrouble | undefined {
  const ended = state?.terminated ?? lastState?.terminated;
  if (ended === undefined) return undefined;
  // An init container that has done its work, too.
  if (ended.exitCode === 0 && state?.waiting === undefined) return undefined;
  const memory = ended.reason === 'OOMKilled';
  const how = memory ? 'was killed, as it needed more memory than its limit' : `ended with exit code ${ended.exitCode}`;
  const often = restartCount > 0 ? ` (restarted ${restartCount} ${restartCount === 1 ? 'time' : 'times'})` : '';
  const said = lastLine(ended.message ?? '');
  const message = `container ${name} ${how}${often}${said && `: ${said}`}`;
  return { reason: memory ? 'OOMKilled' : 'CrashLoopBackOff', message };
}

/** Of a Pod that may be ready now, and has ended before. */
export function crashOf(status: PodStatus): PodCrash | undefined {
  for (const container of status.containerStatuses ?? []) {
    const crash = crashOfContainer(container);
    if (crash)
      return { ...crash, restarts: container.restartCount ?? 0, runsSince: container.state?.running?.startedAt };
  }
  return undefined;
}

/** How much of what a program said last is shown, characters. */
const saidLength = 400;

/** A line that says what is wrong. After it may come a stack, or the version of the program. */
const complaint = /error|fatal|panic|exception|fail|cannot|unable|denied|refused|not found|invalid/i;

/** What a program said last: the last line that complains; of a line of JSON, which programs write for machines, the message. */
export function lastLine(text: string): string {
  const lines = text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('at '));
  const line = lines.findLast(each => complaint.test(each)) ?? lines.at(-1) ?? '';
  return (fromJson(line) ?? line).slice(0, saidLength);
}

function fromJson(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { msg, message, err, error } = JSON.parse(line) as Record<string, unknown>;
    const cause = (err as { message?: unknown } | undefined)?.message ?? error;
    const parts = [msg ?? message, cause].filter(part => typeof part === 'string');
    return parts.length > 0 ? parts.join(': ') : undefined;
  } catch {
    return undefined;
  }
}
