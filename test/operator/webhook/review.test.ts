import { describe, expect, it } from 'vitest';
import { review } from '../../../operator/webhook/review.ts';
import { ruleOf } from '../../api/support/documents.ts';
import { resourceOf } from '../support/resources.ts';

const wrong = resourceOf({ rules: [{ ...ruleOf({ topic: 'cars' }), sql: 'SELECT payload\nFORM "cars/#"' }] });

describe('a review', () => {
  it('allows what can be run', () => {
    expect(review({ uid: '1', object: resourceOf() }, 1)).toEqual({ uid: '1', allowed: true });
  });

  it('refuses a rule that cannot be, and says where', () => {
    const { allowed, status } = review({ uid: '1', object: wrong }, 1);
    expect(allowed).toBe(false);
    expect(status).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(status!.message).toMatch(/^spec\.rules\[0\]\.sql, line 2, column 6: /);
  });

  it('says everything that is wrong', () => {
    const sql = 'SELECT';
    const object = resourceOf({ rules: ['a', 'b'].map(name => ({ ...ruleOf({ topic: 'cars' }, name), sql })) });
    expect(review({ uid: '1', object }, 1).status!.message.split('\n')).toHaveLength(2);
  });

  it('warns of what is legal and likely to surprise', () => {
    const rules = ['cars/+/speed', 'cars/a/+'].map((filter, index) => ({
      ...ruleOf({ topic: 'cars' }, `r${index}`),
      sql: `SELECT payload FROM "${filter}"`,
    }));
    const object = resourceOf({ rules, mqtt: { url: 'mqtt://localhost:1883', version: '3.1.1' } });
    const { allowed, warnings } = review({ uid: '1', object }, 1);
    expect(allowed).toBe(true);
    expect(warnings?.[0]).toMatch(/^spec\.rules\[\d\]\.sql/);
  });

  it('lets a wrong document be labelled, finalized and deleted', () => {
    const deleted = { ...wrong, metadata: { ...wrong.metadata, deletionTimestamp: 'now' } };
    expect(review({ uid: '1', object: deleted, oldObject: resourceOf() }, 1).allowed).toBe(true);
    expect(review({ uid: '1', object: wrong, oldObject: structuredClone(wrong) }, 1).allowed).toBe(true);
    expect(review({ uid: '1', object: null, oldObject: wrong }, 1).allowed).toBe(true);
  });

  it('counts replicas as the operator does', () => {
    const object = resourceOf({ mqtt: { url: 'mqtt://a', share: 'g' } });
    expect(review({ uid: '1', object }, 3).allowed).toBe(true);
  });
});
