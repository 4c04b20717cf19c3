import { describe, expect, it } from 'vitest';
import { MkbError } from '../../../api/errors.ts';
import { EventRecorder, type EventText } from '../../../operator/runtime/events.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const object: KubeObject = { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'a', namespace: 'shop', uid: 'u' } };
const created: EventText = { type: 'Normal', reason: 'Created', action: 'Create', message: 'Created it.' };

/** A recorder on a client that notes what is written, and a clock that a test sets. */
function stage({ fails = false } = {}) {
  const written: Record<string, unknown>[] = [];
  const counted: unknown[] = [];
  let seconds = 0;
  const client = {
    create: async (_: unknown, event: KubeObject) => {
      if (fails) throw new MkbError('kube-forbidden', { action: 'create Event', reason: 'no' });
      written.push(event);
      return event;
    },
    patch: async (_: unknown, __: unknown, operations: readonly { value?: unknown }[]) => {
      counted.push((operations[0]!.value as { count: number }).count);
      return object;
    },
  };
  const recorder = new EventRecorder(client, {
    component: 'operator',
    instance: 'pod-1',
    log,
    now: () => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)),
  });
  const tell = async (event: Partial<EventText> = {}, regarding = object) => {
    recorder.record(regarding, { ...created, ...event });
    await recorder.idle();
  };
  const pass = (more: number) => {
    seconds += more;
  };
  return { written, counted, tell, pass };
}

describe('an event', () => {
  it('says what happened to what, why, and who tells', async () => {
    const { written, tell } = stage();
    await tell();
    expect(written).toMatchObject([
      {
        metadata: { namespace: 'shop', name: expect.stringMatching(/^a\.[0-9a-f]{16}$/) },
        eventTime: '2026-01-01T00:00:00.000000Z',
        regarding: { kind: 'Thing', name: 'a', uid: 'u' },
        reportingController: 'operator',
        reason: 'Created',
        note: 'Created it.',
      },
    ]);
  });

  it('that is told again is counted, at once and then once a minute', async () => {
    const { written, counted, tell, pass } = stage();
    for (let times = 0; times < 10; times++) await tell();
    pass(61);
    await tell();
    expect(written).toHaveLength(1);
    expect(counted).toEqual([2, 11]);
  });

  it('is news again after a while', async () => {
    const { written, tell, pass } = stage();
    await tell();
    pass(601);
    await tell();
    expect(written).toHaveLength(2);
  });

  it('is cut short when an object has too much to tell, and others are not', async () => {
    const { written, tell, pass } = stage();
    for (let index = 0; index < 100; index++) await tell({ message: `${index}` });
    expect(written).toHaveLength(25);
    await tell({}, { ...object, metadata: { ...object.metadata, uid: 'other' } });
    expect(written).toHaveLength(26);
    pass(300);
    await tell({ message: 'later' });
    expect(written).toHaveLength(27);
  });

  it('has a note of 1024 bytes at most, and no half letters', async () => {
    const { written, tell } = stage();
    await tell({ message: 'ü'.repeat(1000) });
    const note = written[0]!.note as string;
    expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
    expect(note).toMatch(/^ü+\.\.\.$/);
  });

  it('that cannot be written is no error', async () => {
    await expect(stage({ fails: true }).tell()).resolves.toBeUndefined();
  });
});
