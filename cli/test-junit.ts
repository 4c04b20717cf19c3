/** Results of tests in JUnit's XML, which CI systems read: a suite for each rule, a case for each test. */
import type { Result } from './test-report.ts';

/** @param results in the order in which they ran */
export const junitXml = (results: readonly Result[]): string => {
  const suites = Map.groupBy(results, ({ bridge, rule }) => `${bridge}.${rule}`);
  const bodies = [...suites].map(([name, cases]) => suite(name, cases));
  const attributes = totals(results);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="mkb test" ${attributes}>\n${bodies.join('')}</testsuites>\n`;
};

const totals = (results: readonly Result[]): string => {
  const failures = results.filter(({ difference }) => difference.length > 0).length;
  const seconds = results.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / 1000;
  return `tests="${results.length}" failures="${failures}" errors="0" time="${seconds.toFixed(4)}"`;
};

const suite = (name: string, cases: readonly Result[]): string =>
  `  <testsuite name="${escaped(name)}" ${totals(cases)}>\n${cases.map(testCase).join('')}  </testsuite>\n`;

const testCase = ({ bridge, rule, name, place, milliseconds, difference }: Result): string => {
  const attributes = [
    `name="${escaped(name)}"`,
    `classname="${escaped(`${bridge}.${rule}`)}"`,
    `file="${escaped(place.file)}"`,
    `line="${place.line}"`,
    `time="${(milliseconds / 1000).toFixed(4)}"`,
  ].join(' ');
  if (difference.length === 0) return `    <testcase ${attributes}/>\n`;
  const text = difference.map(line => `${line.mark} ${line.text}`).join('\n');
  return `    <testcase ${attributes}>\n      <failure message="not as expected">${escaped(text)}</failure>\n    </testcase>\n`;
};

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Characters that XML 1.0 does not allow, even escaped, become U+FFFD. */
const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/[&<>"]/g, character => entities[character]!);
