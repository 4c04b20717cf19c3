import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MkbError } from '../../../api/errors.ts';
import { FrameReader } from '../../../demo/embedded/frames.ts';

const framed = (body: Uint8Array): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
};

it('requests come out whole, however TCP cuts them', () => {
  const bodies = fc.array(fc.uint8Array({ minLength: 10, maxLength: 60 }), { maxLength: 8 });
  fc.assert(
    fc.property(bodies, fc.integer({ min: 1, max: 40 }), (sent, chunkBytes) => {
      const stream = Buffer.concat(sent.map(framed));
      const reader = new FrameReader();
      const got: Buffer[] = [];
      for (let at = 0; at < stream.length; at += chunkBytes) {
        got.push(...reader.push(stream.subarray(at, at + chunkBytes)));
      }
      expect(got).toEqual(sent.map(body => Buffer.from(body)));
    }),
  );
});

it('a client of another protocol is recognised by a length that cannot be', () => {
  const push = () => [...new FrameReader().push(Buffer.from('GET / HTTP/1.1\r\n\r\n'))];
  expect(push).toThrow(expect.toSatisfy(error => MkbError.is(error, 'embedded-frame-invalid')));
});
