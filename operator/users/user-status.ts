/** What an MqttUser says of itself. */
import { kinds } from '../kinds.ts';
import { operatorName } from '../observed/observed-objects.ts';
import type { ApiClient } from '../runtime/client.ts';
import { setCondition, writeStatus } from '../runtime/status.ts';
import type { LoginAnswer } from './login.ts';
import { type Refusal, type UserReason, userReasons } from './reasons.ts';
import { passwordSecretOf, type WatchedUser } from './watched-user.ts';

/** What was found of a user: what the broker is to know of it, and why it does not. */
export interface Found {
  readonly refusal?: Refusal;
  /** A hash of the line that is in the broker's Secret. */
  readonly revision?: string;
  /** Of the broker, to who logs in as the user; undefined when nobody has tried it yet. */
  readonly answer?: LoginAnswer | undefined;
}

export interface Timing {
  readonly now: Date;
  /** After how long a node surely has read a changed Secret, milliseconds. */
  readonly distributeMs: number;
  /** Since when the broker's Pod exists; undefined while none is ready. */
  readonly brokerSince: Date | undefined;
  /** Whether the broker's image cannot take users. */
  readonly pluginMissing: boolean;
}

export interface Said {
  readonly reason: UserReason;
  readonly message: string;
  /** For how long the node of the broker may not have read of the user yet, milliseconds. */
  readonly leftMs: number;
}

export async function tellUser(
  client: ApiClient,
  user: WatchedUser,
  { refusal, revision, answer }: Found,
  timing: Timing,
  signal: AbortSignal,
): Promise<Said> {
  const { status, metadata, username, spec } = user;
  const changedAt = revision === status.revision ? status.changedAt : seconds(timing.now);
  const leftMs = revision === undefined ? 0 : waitMs(changedAt, timing);
  const why = refusal ?? distribution(leftMs, timing, wasReady(user, revision), answer);
  const condition = {
    type: 'Ready',
    status: statusBy[why.reason] ?? ('False' as const),
    reason: why.reason,
    message: [why.detail, userReasons[why.reason].replaceAll('BRIDGE', spec.bridgeRef.name)].filter(Boolean).join(' '),
    observedGeneration: metadata.generation!,
  };
  const told = {
    observedGeneration: metadata.generation!,
    conditions: setCondition(status.conditions ?? [], condition, timing.now),
    ...(revision !== undefined && { username, secret: passwordSecretOf(user), revision, changedAt }),
  };
  await writeStatus(client, kinds.user, user.object, told, { fieldManager: operatorName, signal });
  return { reason: why.reason, message: condition.message, leftMs };
}

const seconds = (time: Date): string => time.toISOString().replace(/\.\d+Z$/, 'Z');

const statusBy: Partial<Record<UserReason, 'True' | 'Unknown'>> = { InForce: 'True', Unverified: 'Unknown' };

/** Whether the broker was seen to let this user in as it is now. */
export const wasReady = ({ status }: WatchedUser, revision: string | undefined): boolean =>
  status.revision === revision &&
  (status.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True');

/** A Pod that was made after the change has read it. Times of Kubernetes have whole seconds. */
function waitMs(changedAt: string | undefined, { now, distributeMs, brokerSince }: Timing): number {
  const at = new Date(changedAt ?? 0).getTime();
  if (brokerSince && brokerSince.getTime() > at) return 0;
  return Math.max(0, at + distributeMs - now.getTime());
}

/** What was in force stays so when the broker is restarted: that it does not run is the bridge's to say. */
function distribution(
  leftMs: number,
  { brokerSince, pluginMissing }: Timing,
  before: boolean,
  answer: LoginAnswer | undefined,
): Refusal {
  if (pluginMissing) return { reason: 'PluginMissing' };
  if (before) return { reason: 'InForce' };
  if (brokerSince === undefined) return { reason: 'BrokerNotReady' };
  if (answer === 'let-in') return { reason: 'InForce' };
  if (leftMs > 0 || answer === undefined) return { reason: 'Distributing' };
  return { reason: answer === 'refused' ? 'NotTaken' : 'Unverified' };
}
