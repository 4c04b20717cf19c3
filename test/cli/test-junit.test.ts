import { expect, test } from 'vitest';
import { junitXml } from '../../cli/test-junit.ts';
import type { Result } from '../../cli/test-report.ts';

const result = (name: string, ...difference: string[]): Result => ({
  bridge: 'b',
  rule: 'r',
  name,
  place: { file: 'f.yaml', line: 3, column: 1 },
  milliseconds: 2,
  difference: difference.map(text => ({ mark: '-', text })),
});

test('every text is escaped, and what XML cannot hold is replaced', () => {
  const xml = junitXml([result('<"&>'), result('x', 'a\u0000b\uD800 <c>')]);
  expect(xml).toContain('name="&lt;&quot;&amp;&gt;"');
  expect(xml).toContain('- a\uFFFDb\uFFFD &lt;c&gt;</failure>');
});

test('suites and the whole are counted and timed', () => {
  expect(junitXml([result('a'), result('b', 'no')])).toContain(
    '<testsuite name="b.r" tests="2" failures="1" errors="0" time="0.0040">',
  );
});
