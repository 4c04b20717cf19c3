import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOf, writtenBytes } from '../../api/written-bytes.ts';

test('bytes that are written are read as the same bytes', () => {
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.string({ unit: 'binary' }).map(text => Buffer.from(`base64:${text}`)),
  );
  fc.assert(fc.property(bytes, each => bytesOf(writtenBytes(Buffer.from(each)))?.equals(each) === true));
});

test.each(['base64:!', 'base64:A', 'base64:AA=A'])('%s is not base64', text => {
  expect(bytesOf(text)).toBeUndefined();
});

test('other text is itself', () => {
  expect([bytesOf('base64')?.toString(), bytesOf('')?.length]).toEqual(['base64', 0]);
});
