/**
 * What happened and why, as events of the bridge: what was done to its objects, and which of its conditions has another answer now.
 *
 * Both are worked out from what was and what is, so that nothing is reported twice: an answer that is in the status already is no news.
 */
import type { Condition } from '../../api/schema/status.ts';
import { hashOf } from '../runtime/canonical.ts';
import type { EventText } from '../runtime/events.ts';
import type { KubeObject } from '../runtime/object.ts';
import type { Deed } from './apply-all.ts';

interface Scalable extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly template?: { readonly spec?: { readonly containers?: readonly { readonly image?: string }[] } };
  };
}

/** What was done to objects: a few sentences, however many objects there are. */
export function deedEvents(deeds: readonly Deed[]): EventText[] {
  const own = deeds.map(deed => ({ deed, texts: changes(deed) }));
  const plain = own.filter(({ texts }) => texts.length === 0).map(({ deed }) => deed);
  return [
    ...summary(plain, 'created', 'Created', 'Create'),
    ...summary(plain, 'updated', 'Updated', 'Update'),
    ...summary(plain, 'removed', 'Removed', 'Remove'),
    ...summary(plain, 'replaced', 'Replaced', 'Replace'),
    ...summary(plain, 'restored', 'Restored', 'Restore'),
    ...own.flatMap(({ texts }) => texts),
  ];
}

const title = ({ object }: Deed): string => `${object.kind} ${object.metadata.name}`;

function summary(deeds: readonly Deed[], outcome: Deed['outcome'], reason: string, action: string): EventText[] {
  const names = deeds.filter(deed => deed.outcome === outcome).map(title);
  return names.length === 0 ? [] : [{ type: 'Normal', reason, action, message: `${reason} ${names.join(', ')}.` }];
}

/** What deserves a sentence of its own. */
function changes(deed: Deed): EventText[] {
  const { outcome, before, object, corrected } = deed;
  if (outcome === 'corrected') {
    const message = `Corrected ${title(deed)}: ${corrected.join(', ')}${whoseFields(deed)}.`;
    return [{ type: 'Normal', reason: 'Corrected', action: 'Correct', message }];
  }
  if (outcome !== 'updated' || before === undefined) return [];
  return [...scaled(deed, before, object), ...rolled(deed, before, object)];
}

function whoseFields({ taken }: Deed): string {
  const managers = [...new Set(taken.map(({ manager }) => manager))].filter(manager => manager !== '');
  return managers.length === 0 ? '' : `, which ${managers.join(', ')} had set`;
}

function scaled(deed: Deed, before: Scalable, after: Scalable): EventText[] {
  const [from, to] = [before.spec?.replicas, after.spec?.replicas];
  if (from === to || from === undefined) return [];
  const message = `Scaled ${title(deed)} from ${from} to ${to} replicas.`;
  return [{ type: 'Normal', reason: 'Scaled', action: 'Scale', message }];
}

function rolled(deed: Deed, before: Scalable, after: Scalable): EventText[] {
  const [old, now] = [before.spec?.template, after.spec?.template];
  if (now === undefined || hashOf(old) === hashOf(now)) return [];
  const [from, to] = [old, now].map(template => template?.spec?.containers?.[0]?.image);
  const why =
    from === to
      ? 'what they read at start, or how they are run, has changed'
      : `the image changes from ${from} to ${to}`;
  return [
    { type: 'Normal', reason: 'Rolled', action: 'Roll', message: `The Pods of ${title(deed)} are replaced: ${why}.` },
  ];
}

/** Conditions that are bad news when they are `True`; of all others, `False` is. */
const badWhenTrue: ReadonlySet<string> = new Set(['Degraded']);
/** Reported by what was done, or by Degraded. */
const untold: ReadonlySet<string> = new Set(['Progressing', 'Ready', 'RulesValid', 'Reconciling', 'Stalled']);
/** How every bridge begins, and how one is that is rolled. */
const ordinary: ReadonlySet<string> = new Set(['Creating', 'PodsMissing', 'PodsNotReady', 'RollingOut', 'Starting']);

/** Which answers are new: bad news with its reason, and that it is over. */
export function conditionEvents(before: readonly Condition[], after: readonly Condition[]): EventText[] {
  return after.flatMap(condition => {
    const old = before.find(({ type }) => type === condition.type);
    return untold.has(condition.type) || saidByDegraded(after, condition) ? [] : news(old, condition);
  });
}

/** One trouble is one event, although it shows in several conditions. */
const saidByDegraded = (all: readonly Condition[], { type, reason }: Condition): boolean =>
  type !== 'Degraded' && all.some(each => each.type === 'Degraded' && each.status === 'True' && each.reason === reason);

function news(old: Condition | undefined, { type, status, reason, message }: Condition): EventText[] {
  if (old?.status === status && old.reason === reason) return [];
  if (type === 'Paused') return pauseNews(old, status, message);
  const bad = badWhenTrue.has(type) ? 'True' : 'False';
  if (status === bad) return ordinary.has(reason) ? [] : [{ type: 'Warning', reason, action: type, message }];
  if (old?.status !== bad || ordinary.has(old.reason)) return [];
  return [
    { type: 'Normal', reason: 'Healed', action: type, message: `${type} is ${status} again: ${message || reason}` },
  ];
}

function pauseNews(old: Condition | undefined, status: Condition['status'], message: string): EventText[] {
  if (status === 'True') return [{ type: 'Normal', reason: 'Paused', action: 'Pause', message }];
  if (old?.status !== 'True') return [];
  return [
    { type: 'Normal', reason: 'Resumed', action: 'Resume', message: 'The operator looks after the bridge again.' },
  ];
}
