import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MkbError } from '../../../api/errors.ts';
import { retryAfterMs, statusError } from '../../../operator/runtime/status-error.ts';

const cause = (reason: string) => ({ details: { causes: [{ reason }] } });

describe('a refusal means', () => {
  it.each<[number, object, string]>([
    [400, {}, 'kube-invalid'],
    [401, {}, 'kube-unauthorized'],
    [403, {}, 'kube-forbidden'],
    [403, cause('NamespaceTerminating'), 'kube-namespace-ending'],
    [404, {}, 'kube-not-found'],
    [409, { reason: 'Conflict' }, 'kube-conflict'],
    [409, { reason: 'AlreadyExists' }, 'kube-already-exists'],
    [410, {}, 'kube-gone'],
    [422, {}, 'kube-invalid'],
    [429, {}, 'kube-overloaded'],
    [500, {}, 'kube-failed'],
    [503, {}, 'kube-overloaded'],
    [504, {}, 'kube-failed'],
    [504, cause('ResourceVersionTooLarge'), 'kube-gone'],
    [302, {}, 'kube-failed'],
  ])('HTTP %i with %j: %s', (code, status, expected) => {
    expect(statusError('get Thing a', code, status).code).toBe(expected);
  });

  it('what it says itself, in the midst of a watch', () => {
    expect(statusError('watch Thing', undefined, { code: 410 }).code).toBe('kube-gone');
    expect(statusError('watch Thing', undefined, {}).code).toBe('kube-failed');
  });

  it('what the server says, with what was asked, as one sentence', () => {
    const error = statusError('get Thing a', 404, { message: ' things "a" not found. ' });
    expect(error.message).toContain('(get Thing a): things "a" not found.');
    expect(statusError('get Thing a', 404, {}).message).toContain('HTTP 404');
  });

  it('whose fields they are, when another manager owns them', () => {
    const of = (manager: string, field: string) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with "${manager}" using apps/v1`,
      field,
    });
    const causes = [of('kubectl-edit', '.spec.replicas'), { reason: 'Other' }, { reason: 'FieldManagerConflict' }];
    expect(statusError('apply Thing a', 409, { details: { causes } })).toMatchObject({
      details: {
        conflicts: [
          { manager: 'kubectl-edit', field: '.spec.replicas' },
          { manager: '', field: '' },
        ],
      },
    });
  });

  it('to wait as long as it says, itself before the header', () => {
    const seconds = (status: object, header?: number) => statusError('list Thing', 429, status, header).details;
    expect(seconds({ details: { retryAfterSeconds: 3 } }, 9)).toMatchObject({ retryAfterSeconds: 3 });
    expect(seconds({}, 9)).toMatchObject({ retryAfterSeconds: 9 });
    expect(seconds({})).toMatchObject({ retryAfterSeconds: undefined });
    const waits = [3, 86_400].map(retryAfterSeconds =>
      statusError('list Thing', 429, { details: { retryAfterSeconds } }),
    );
    expect([...waits, statusError('list Thing', 500, {}), 'no error'].map(retryAfterMs)).toEqual([3000, 300_000, 0, 0]);
  });
});

// A gateway before the server answers in JSON of its own: {"message": {"code": 42}} was a TypeError, which counts as a fault in the program.
it('an answer of whatever shape is an error of the table', () => {
  const shape = fc.record(
    {
      reason: fc.jsonValue(),
      message: fc.jsonValue(),
      details: fc.oneof(
        fc.jsonValue(),
        fc.record({ causes: fc.jsonValue(), retryAfterSeconds: fc.jsonValue() }),
        fc.record({ causes: fc.array(fc.jsonValue()) }),
        fc.record({
          causes: fc.array(
            fc.record({ reason: fc.constant('FieldManagerConflict'), message: fc.jsonValue(), field: fc.jsonValue() }),
          ),
        }),
      ),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(shape, fc.jsonValue()), fc.constantFrom(400, 403, 409, 410, 429, 500), (status, code) => {
      const error = statusError('get Thing a', code, status);
      expect(MkbError.is(error)).toBe(true);
      expect(typeof error.message).toBe('string');
      if (!MkbError.is(error, 'kube-overloaded')) return;
      const { retryAfterSeconds } = error.details;
      expect(retryAfterSeconds === undefined || Number.isFinite(retryAfterSeconds)).toBe(true);
    }),
  );
});
