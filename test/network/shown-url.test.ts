// The token of wss://broker/mqtt?token=... was in every log line that named the broker.
import { expect, test } from 'vitest';
import { shownUrl } from '../../network/shown-url.ts';

test.each([
  ['wss://broker/mqtt?token=s3cret', 'wss://broker/mqtt?token=***'],
  ['wss://broker/mqtt?a=s3cret&b=s3cret2', 'wss://broker/mqtt?a=***&b=***'],
  ['wss://broker/mqtt?s3cret', 'wss://broker/mqtt?***'],
  ['wss://broker/mqtt?token=s3cret#s3cret', 'wss://broker/mqtt?token=***#***'],
  ['mqtt://user:s3cret@broker:1883', 'mqtt://***@broker:1883'],
  ['mqtt://us@er:s3cret@broker:1883', 'mqtt://***@broker:1883'],
  ['mqtt://broker:1883', 'mqtt://broker:1883'],
  ['wss://[::1]:443/mqtt', 'wss://[::1]:443/mqtt'],
  [
    'No connection to wss://broker/mqtt?token=s3cret: it is gone',
    'No connection to wss://broker/mqtt?token=*** it is gone',
  ],
])('%s is shown as %s', (url, shown) => {
  expect(shownUrl(url)).toBe(shown);
  expect(shownUrl(url)).not.toContain('s3cret');
});
