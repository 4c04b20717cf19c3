/** What a crashing Pod says last is shown in conditions and events: it must not move the cursor of whoever reads them. */
import { expect, it } from 'vitest';
import { plainText } from '../../../operator/runtime/plain-text.ts';

it.each([
  ['colours', '\u001b[31merror\u001b[0m: no such topic', 'error: no such topic'],
  ['a cleared screen', 'a\u001b[2J\u001b[Hb', 'ab'],
  ['a title of the window', '\u001b]0;pwned\u0007b', 'b'],
  ['a line written over', 'failed\rReady', 'failed Ready'],
  ['a letter taken back', 'no\b\bok', 'no  ok'],
  ['a null', 'a\0b', 'a b'],
  ['turned writing', 'a\u202etxt.exe\u2066b', 'a txt.exe b'],
  ['half a letter', `a${'\u{1f600}'.slice(0, 1)}`, 'a\ufffd'],
  ['lines and other letters, which stay', 'a\n\tä 中 \u{1f600}', 'a\n\tä 中 \u{1f600}'],
])('text is shown without %s', (_, text, shown) => {
  expect(plainText(text)).toBe(shown);
});
