/** The note of a session kit stands in an annotation, which whoever may write Secrets may write as well. */
import { describe, expect, it } from 'vitest';
import { observedMetadata } from '../../../operator/observed/observed-objects.ts';
import { refusedChanges } from '../../../operator/reconcile/refused-changes.ts';
import { kitNote, noteAnnotation } from '../../../operator/resources/kit-note.ts';
import { labels } from '../../../operator/resources/labels.ts';
import { kitNoteOf } from '../../../operator/resources/session-kit.ts';
import { documentIn } from '../support/resources.ts';

const identity = { broker: ['mqtt://a:1883'], clientId: 'cars', share: 's' };
const note = { identity, files: {}, oldFilters: [], filters: '', groupId: 'g', topics: [], left: [0, 1], content: '' };
const kit = (text: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'k', annotations: { [noteAnnotation]: text } },
});
const written = (more: object) => kit(JSON.stringify({ ...note, ...more }));

// Each number is a Job: a Secret that named a hundred thousand of them took the memory of the operator, and all bridges with it.
describe('the note of a kit', () => {
  it('is read as it was written', () => {
    expect(kitNote(written({}))).toEqual(note);
    expect(kitNote(written({ topics: '*', left: undefined, identity: undefined }))).toBeDefined();
  });

  it.each([
    ['no JSON', kit('{')],
    ['null', kit('null')],
    ['a list', kit('[]')],
    ['a number', kit('1')],
    ['too many sessions', written({ left: Array.from({ length: 100_000 }, (_, ordinal) => ordinal) })],
    ['a number no replica has', written({ left: [1e9] })],
    ['a number that is none', written({ left: ['0'] })],
    ['a text for the sessions', written({ left: '01' })],
    ['sessions of nobody', written({ identity: undefined })],
    ['no address', written({ identity: { ...identity, broker: null } })],
    ['a client id that is no text', written({ identity: { ...identity, clientId: {} } })],
    ['a group that is no text', written({ identity: { ...identity, share: 1 } })],
    ['files that are none', written({ files: { a: 1 } })],
    ['filters that are none', written({ oldFilters: [{}] })],
    ['topics that are none', written({ topics: 'x' })],
  ])('that somebody has spoilt is none: %s', (_, spoilt) => {
    expect(kitNote(spoilt)).toBeUndefined();
  });

  // It was cut at 64 KiB, and the bridge never knew its own sessions again.
  it.each([300, 1500])('is kept whole for %d topics with long names, and a change of the group is refused', count => {
    const topic = (index: number) => `${'t'.repeat(240)}${index}`;
    const rules = Array.from({ length: count }, (_, index) => ({
      ...{ name: `r${index}`, sql: `SELECT value FROM "$kafka/${topic(index)}"`, sinks: [{ mqtt: { topic: 'a' } }] },
    }));
    const of = (groupId: string) =>
      documentIn({ mqtt: { url: 'mqtt://a' }, kafka: { bootstrapServers: ['k:9092'], consumer: { groupId } }, rules });
    const document = of('a');
    const content = { running: document, document, identity, oldFilters: [], secrets: [], inputs: undefined };
    const object = kit(JSON.stringify(kitNoteOf(content)));
    const metadata = { ...object.metadata, labels: labels('cars', 'drain') };
    const kept = kitNote(observedMetadata({ ...object, metadata }));
    expect(kept).toBeDefined();
    expect(refusedChanges([kept!], of('b')).map(({ code }) => code)).toContain('consumer-group-changed');
  });
});
