import { describe, expect, it } from 'vitest';
import { completeDocument } from '../../api/complete.ts';
import { minimalDocument } from '../../api/minimal.ts';
import { validDocuments } from './support/arbitrary-documents.ts';
import { documentOf } from './support/documents.ts';

describe('the minimal document', () => {
  it('means the same as any document', () => {
    const documents = validDocuments(40, 7);
    expect(documents).toHaveLength(40);
    for (const each of documents) {
      const complete = completeDocument(each);
      expect(completeDocument(minimalDocument(complete))).toEqual(complete);
    }
  });

  it('has nothing that the smallest document has not', () => {
    const smallest = documentOf({ mqtt: { url: 'mqtt://a' } });
    expect(minimalDocument(completeDocument(smallest))).toEqual(smallest);
  });

  it('keeps what differs from its default, also from one that depends on other fields', () => {
    const document = documentOf({
      mqtt: { url: 'mqtt://a', clientId: 'other', tls: {} },
      kafka: { bootstrapServers: ['k:1'], producer: { acks: 'all', idempotent: false, linger: '1ms' } },
    });
    expect(minimalDocument(completeDocument(document))).toMatchObject({
      spec: { mqtt: { clientId: 'other', tls: {} }, kafka: { producer: { idempotent: false, linger: '1ms' } } },
    });
  });
});
