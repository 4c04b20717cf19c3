import { describe, expect, it } from 'vitest';
import { verdictOf } from '../../../operator/reconcile/document.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import { unchecked } from '../../../operator/verdicts/protocol.ts';
import { type AdmissionRequest, review as reviewWith } from '../../../operator/webhook/review.ts';
import { ruleOf } from '../../api/support/documents.ts';
import { resourceOf, settingsOf } from '../support/resources.ts';

const wrong = resourceOf({ rules: [{ ...ruleOf({ topic: 'cars' }), sql: 'SELECT payload\nFORM "cars/#"' }] });

const review = (request: AdmissionRequest, replicas: number) =>
  reviewWith(request, async resource => verdictOf(resource, { replicas, trustedOverrides: [] }));

describe('a review', () => {
  it('allows what can be run', async () => {
    expect(await review({ uid: '1', object: resourceOf() }, 1)).toEqual({ uid: '1', allowed: true });
  });

  it('refuses a rule that cannot be, and says where', async () => {
    const { allowed, status } = await review({ uid: '1', object: wrong }, 1);
    expect(allowed).toBe(false);
    expect(status).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(status!.message).toMatch(/^spec\.rules\[0\]\.sql, line 2, column 6: /);
  });

  it('says everything that is wrong', async () => {
    const sql = 'SELECT';
    const object = resourceOf({ rules: ['a', 'b'].map(name => ({ ...ruleOf({ topic: 'cars' }, name), sql })) });
    expect((await review({ uid: '1', object }, 1)).status!.message.split('\n')).toHaveLength(2);
  });

  it('warns of what is legal and likely to surprise', async () => {
    const rules = ['cars/+/speed', 'cars/a/+'].map((filter, index) => ({
      ...ruleOf({ topic: 'cars' }, `r${index}`),
      sql: `SELECT payload FROM "${filter}"`,
    }));
    const object = resourceOf({ rules, mqtt: { url: 'mqtt://localhost:1883', version: '3.1.1' } });
    const { allowed, warnings } = await review({ uid: '1', object }, 1);
    expect(allowed).toBe(true);
    expect(warnings?.[0]).toMatch(/^spec\.rules\[\d\]\.sql/);
  });

  it('lets a wrong document be labelled, finalized and deleted', async () => {
    const deleted = { ...wrong, metadata: { ...wrong.metadata, deletionTimestamp: 'now' } };
    expect((await review({ uid: '1', object: deleted, oldObject: resourceOf() }, 1)).allowed).toBe(true);
    expect((await review({ uid: '1', object: wrong, oldObject: structuredClone(wrong) }, 1)).allowed).toBe(true);
    expect((await review({ uid: '1', object: null, oldObject: wrong }, 1)).allowed).toBe(true);
  });

  it('allows, with a warning, what could not be checked in time', async () => {
    const { allowed, warnings } = await reviewWith({ uid: '1', object: wrong }, async () => unchecked('it took long'));
    expect(allowed).toBe(true);
    expect(warnings).toEqual(['The document could not be checked: it took long.']);
  });

  // A new address was applied with success; that it would have cost the messages that wait stood in a condition, which nobody reads after an apply.
  it('refuses what the bridge cannot become without a loss, and asks that of valid documents only', async () => {
    const asked: unknown[] = [];
    const refused = (resource: unknown) => {
      asked.push(resource);
      return [
        { code: 'session-address-changed', inRules: false, message: 'spec.mqtt.url: Messages may wait.' },
      ] as const;
    };
    const check = async (resource: KubeObject) => verdictOf(resource, settingsOf(1));
    const object = resourceOf();
    expect((await reviewWith({ uid: '1', object }, check, refused)).status).toEqual({
      code: 422,
      reason: 'Invalid',
      message: 'spec.mqtt.url: Messages may wait.',
    });
    expect((await reviewWith({ uid: '1', object: wrong }, check, refused)).status!.message).toContain('line 2');
    const late = await reviewWith({ uid: '1', object }, async () => unchecked('it took long'), refused);
    expect([late.allowed, asked]).toEqual([true, [object]]);
  });

  it('asks about a change by the uid of what is stored', async () => {
    const old = resourceOf();
    const stored = { ...old, metadata: { ...old.metadata, uid: 'u', generation: 1 } };
    const object = { ...old, metadata: { ...old.metadata, uid: undefined, generation: 2 } } as KubeObject;
    const uids: unknown[] = [];
    const refused = ({ metadata }: KubeObject) => {
      uids.push(metadata.uid);
      return [];
    };
    await reviewWith({ uid: '1', object, oldObject: stored }, async () => ({ problems: [], warnings: [] }), refused);
    expect(uids).toEqual(['u']);
  });

  // The document was taken, and the topic kept the partitions that it had: nobody said so.
  it.each([
    ['fewer', 4, 3, false, undefined],
    ['the default, which is fewer', 4, undefined, false, undefined],
    ['fewer of a topic that was made again', 4, 3, true, 'kafka.topics'],
    ['as many', 4, 4, true, undefined],
    ['more', 4, 6, true, undefined],
    ["the cluster's own default", 4, -1, true, undefined],
    ["fewer than the cluster's own default may be", -1, 1, true, undefined],
  ])('of a topic with %s partitions', async (_, from, to, allowed, accepted) => {
    const before = resourceOf({
      kafka: { bootstrapServers: ['k:9092'], topics: [{ name: 'cars', partitions: from }] },
    });
    const after = resourceOf({
      kafka: { bootstrapServers: ['k:9092'], topics: [{ name: 'cars', ...(to !== undefined && { partitions: to }) }] },
    });
    const annotations = { 'mqttkafka.dev/accept-changes': accepted ?? '' };
    const object = { ...after, metadata: { ...after.metadata, generation: 2, annotations } };
    const answer = await review({ uid: '1', object, oldObject: before }, 1);
    expect(answer.allowed).toBe(allowed);
    if (!allowed) expect(answer.status!.message).toMatch(/^spec\.kafka\.topics\[0\]\.partitions: .*cars.* from 4 /);
  });

  it('counts replicas as the operator does', async () => {
    const object = resourceOf({ mqtt: { url: 'mqtt://a', share: 'g' } });
    expect((await review({ uid: '1', object }, 3)).allowed).toBe(true);
  });
});
