// Each change of a rule cost every replica its session for seconds, since Pods were rolled for it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errors } from '../../../api/errors.ts';
import type { ObservedPod } from '../../../operator/observed/observed-objects.ts';
import type { ReplicaConfig } from '../../../operator/observed/replica-config.ts';
import {
  askingText,
  isTaking,
  type ReplicasKnown,
  refusalText,
  replicaDocuments,
  shownConfigs,
} from '../../../operator/reconcile/replica-documents.ts';

const wanted = 42;
const before = 41;
const now = new Date('2026-01-01T00:10:00.000Z');
const askedAgo = (seconds: number, times = 1, hash = wanted) =>
  `${hash} ${new Date(now.getTime() - seconds * 1000).toISOString()} ${times}`;

const podOf = (fields: Partial<ObservedPod> = {}, name = 'cars-bridge-0'): ObservedPod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', uid: `uid-${name}` },
  ready: true,
  ip: '10.0.0.1',
  trouble: undefined,
  beginning: false,
  withoutUsers: false,
  startedFor: `${before}`,
  askedFor: undefined,
  crash: undefined,
  ...fields,
});

const says = (hash: number | undefined, refusal?: ReplicaConfig['refusal']): ReplicaConfig => ({ hash, refusal });

function looked(pod: ObservedPod, said: ReplicaConfig | undefined, status: ReplicasKnown['status'] = {}) {
  const known = { wanted, said: new Map(said && [[pod.metadata.uid!, said]]), status, now };
  return replicaDocuments([pod], known)[0]!;
}

describe('a replica', () => {
  it.each<[string, string, Partial<ObservedPod>, ReplicaConfig | undefined]>([
    ['newest', 'that says so', {}, says(wanted)],
    ['pending', 'that runs the one before and has just been asked', { askedFor: askedAgo(1) }, says(before)],
    ['pending', 'that was not asked yet', {}, says(before)],
    ['pending', 'that was asked for an older one long ago', { askedFor: askedAgo(900, 1, before) }, says(before)],
    ['pending', 'that took longer than a kubelet usually does', { askedFor: askedAgo(149) }, says(before)],
    ['restart', 'that has not taken it in any time that kubelet takes', { askedFor: askedAgo(151) }, says(before)],
    ['restart', 'that needs one', {}, says(before, { hash: wanted, code: 'reload-needs-restart' })],
    ['restart', 'whose filters overlap', {}, says(before, { hash: wanted, code: 'reload-filters-overlap' })],
    ['refused', 'whose broker refuses a filter', {}, says(before, { hash: wanted, code: 'mqtt-subscription-refused' })],
    ['refused', 'whose Kafka does not answer', {}, says(before, { hash: wanted, code: 'reload-unanswered' })],
    ['refused', 'with an error that nobody knows', {}, says(before, { hash: wanted, code: 'no-such-error' })],
    ['pending', 'that refused another one', {}, says(before, { hash: 7, code: 'reload-needs-restart' })],
    [
      'pending',
      'that could not read a file before',
      { askedFor: askedAgo(1) },
      says(before, { hash: 0, code: 'field-unknown' }),
    ],
    [
      'refused',
      'that cannot read the newest',
      { askedFor: askedAgo(31) },
      says(before, { hash: 0, code: 'field-unknown' }),
    ],
    ['refused', 'that starts', { askedFor: askedAgo(1) }, says(before, { hash: wanted, code: 'reload-too-early' })],
    [
      'restart',
      'that starts for ever',
      { askedFor: askedAgo(31) },
      says(before, { hash: wanted, code: 'reload-too-early' }),
    ],
    ['restart', 'of an image without reload', {}, says(undefined)],
    ['newest', 'of an image without reload that was rolled for it', { startedFor: `${wanted}` }, says(undefined)],
    ['newest', 'that nobody reaches and that was rolled for it', { startedFor: `${wanted}` }, undefined],
    ['pending', 'that does not answer yet', { askedFor: askedAgo(29) }, undefined],
    ['restart', 'that is ready and does not answer', { askedFor: askedAgo(31) }, undefined],
    ['pending', 'that is down, and starts from the newest', { askedFor: askedAgo(900), ready: false }, undefined],
    ['pending', 'that went back to a document it was once rolled for', { startedFor: `${wanted}` }, says(before)],
    ['pending', 'whose annotation somebody else has written', { askedFor: `${wanted} yesterday 1` }, says(before)],
    ['pending', 'that was asked in the future', { askedFor: askedAgo(-900) }, says(before)],
  ])('is %s: one %s', (state, _what, pod, said) => {
    expect(looked(podOf(pod), said).state).toBe(state);
  });

  // An operator that starts would call every bridge unready until it has asked all Pods.
  it('is what it was when the operator has just started', () => {
    const replicaConfigs = [{ pod: 'cars-bridge-0', uid: 'uid-cars-bridge-0', hash: wanted }];
    expect(looked(podOf(), undefined, { replicaConfigs })).toMatchObject({ state: 'newest', hash: wanted });
    const other = [{ ...replicaConfigs[0]!, uid: 'of the Pod before' }];
    expect(looked(podOf(), undefined, { replicaConfigs: other }).state).toBe('pending');
  });

  it('is never rolled for a document that it has refused for any other reason than a restart', () => {
    const codes = Object.keys(errors).filter(code => !code.startsWith('reload-'));
    fc.assert(
      fc.property(fc.constantFrom(...codes), fc.integer({ min: 0, max: 10_000 }), (code, seconds) => {
        const said = says(before, { hash: wanted, code });
        expect(looked(podOf({ askedFor: askedAgo(seconds) }), said).state).toBe('refused');
      }),
    );
  });
});

it('is looked at often while it may have to be asked again, and not for ever', () => {
  const taking = (pod: Partial<ObservedPod>, said?: ReplicaConfig) => isTaking(looked(podOf(pod), said));
  expect(taking({}, says(before))).toBe(true);
  expect(taking({ askedFor: askedAgo(100) }, says(before))).toBe(true);
  expect(taking({ askedFor: askedAgo(900), ready: false })).toBe(false);
  expect(taking({}, says(wanted))).toBe(false);
});

describe('asking', () => {
  it('is done at once, and again every 15 seconds, of those only that have not answered', () => {
    const text = (pod: Partial<ObservedPod>, said = says(before)) => askingText(looked(podOf(pod), said), wanted, now);
    expect(text({})).toBe(`${wanted} ${now.toISOString()} 1`);
    expect(text({ askedFor: askedAgo(900, 9, before) })).toBe(`${wanted} ${now.toISOString()} 1`);
    expect(text({ askedFor: askedAgo(14) })).toBeUndefined();
    expect(text({ askedFor: askedAgo(16) })).toBe(askedAgo(16, 2));
    expect(text({ askedFor: askedAgo(16, 2) })).toBeUndefined();
    // One that is down for hours was written to four times a minute.
    expect(text({ askedFor: askedAgo(9000, 10), ready: false })).toBeUndefined();
    expect(text({}, says(wanted))).toBeUndefined();
    expect(text({}, says(before, { hash: wanted, code: 'reload-unanswered' }))).toBeUndefined();
  });
});

it('the status names the replicas in their order, with what they run', () => {
  const pods = [10, 2, 0].map(ordinal => podOf({}, `cars-bridge-${ordinal}`));
  const said = new Map([
    ['uid-cars-bridge-10', says(wanted)],
    ['uid-cars-bridge-2', says(before, { hash: wanted, code: 'mqtt-subscription-refused' })],
  ]);
  expect(shownConfigs(replicaDocuments(pods, { wanted, said, status: {}, now }))).toEqual([
    { pod: 'cars-bridge-0', uid: 'uid-cars-bridge-0' },
    { pod: 'cars-bridge-2', uid: 'uid-cars-bridge-2', hash: before, refused: 'mqtt-subscription-refused' },
    { pod: 'cars-bridge-10', uid: 'uid-cars-bridge-10', hash: wanted },
  ]);
});

it('a refusal names the Pod and what to do, whatever the error is', () => {
  for (const code of Object.keys(errors)) {
    const text = refusalText(looked(podOf(), says(before, { hash: wanted, code })));
    expect(text).toMatch(/^Pod cars-bridge-0 goes on with the document that it had: .*\(.*\)\. \S+/);
  }
});
