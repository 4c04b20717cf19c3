/** The session kit in a look at a bridge: made before what needs it, and those of older documents removed when they have served. */
import { kinds } from '../kinds.ts';
import { runningDocument } from '../resources/bridge-document.ts';
import { inherited } from '../resources/customized.ts';
import { secretKeysOf } from '../resources/document-secrets.ts';
import { leftDrainName } from '../resources/names.ts';
import type { LeftSessions, Pipeline } from '../resources/pipeline.ts';
import { sessionIdentity } from '../resources/session-identity.ts';
import type { KubeObject } from '../runtime/object.ts';
import { isDrain } from './drain-order.ts';
import type { Missing } from './inputs.ts';
import { type Kept, updateKit } from './session-kits.ts';
import { drainOf } from './sessions.ts';
import { newest, type Visit } from './visit.ts';

/** Makes the kit be that of what is about to run. There is none without sessions, and while it could not be complete it stays as it is. */
export async function kitOf(
  { context: { cluster }, resource, signal }: Visit,
  pipeline: Pipeline,
  made: readonly KubeObject[],
  missing: readonly Missing[],
  { kit, left, oldFilters }: Kept,
): Promise<KubeObject | undefined> {
  const { document, observed } = pipeline;
  const identity = sessionIdentity(document);
  if (identity === undefined && left.length === 0) return undefined;
  const running = runningDocument(pipeline);
  const secrets = secretKeysOf(running);
  if (missing.some(({ kind, name }) => kind === 'Secret' && secrets.some(each => each.name === name))) return kit;
  const own = made.filter(({ kind }) => kind === 'Secret');
  const inputs = [observed.inputs, own.map(({ data }) => data)];
  const defaults = pipeline.settings.defaults.metadata;
  const content = { running, document, identity, oldFilters, secrets, inputs, defaults };
  return await updateKit({ cluster, resource, signal, inherited: inherited(pipeline) }, kit, content, own);
}

/** Kits of sessions that are drained, or that the bridge has taken up again. */
export async function dropKits(visit: Visit, kept: Kept, own: readonly KubeObject[]): Promise<void> {
  const { context, resource, deeds, signal } = visit;
  const { cluster, events } = context;
  const jobs = newest(
    own,
    deeds.filter(({ outcome }) => outcome !== 'removed').map(({ object }) => object),
  );
  const isDone = ({ kit, note }: LeftSessions) =>
    note.left!.every(ordinal => {
      const job = jobs.find(({ kind, metadata }) => kind === 'Job' && metadata.name === leftDrainName(kit, ordinal));
      return job !== undefined && drainOf(job, []).state === 'succeeded';
    });
  const done = kept.left.filter(isDone);
  const namespace = resource.metadata.namespace!;
  for (const name of [...kept.over, ...done.map(({ kit }) => kit)]) {
    visit.soon = true;
    await cluster.client.delete(kinds.secret, { namespace, name }, { signal });
  }
  for (const { note } of done) {
    const message = `${note.left!.length} sessions of ${note.identity!.clientId} at ${note.identity!.broker.join(', ')}, which an older document left, were drained and ended.`;
    events.record(resource, { type: 'Normal', reason: 'Drained', action: 'Drain', message });
  }
}

/** How long a drain that could not do its work is left as it is, for people to look at, milliseconds. */
const againMs = 300_000;

/** Makes way for another attempt: what kept a drain from its work may have passed, and messages wait. */
export async function retryDrains({ context, signal }: Visit, own: readonly KubeObject[]): Promise<void> {
  for (const job of own.filter(isDrain)) {
    const { uid, deletionTimestamp } = job.metadata;
    if (job.kind !== 'Job' || deletionTimestamp || drainOf(job, []).state !== 'failed') continue;
    if (context.waiting.since(uid!) < againMs) continue;
    context.waiting.over(uid!);
    await context.cluster.client.delete(kinds.job, job.metadata, { uid: uid!, signal });
  }
}
