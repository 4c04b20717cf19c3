import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { factsOf } from '../../cli/status-facts.ts';
import { StatusTable } from '../../cli/status-table.ts';
import { painter, printable, redrawn } from '../../cli/status-text.ts';
import { bridgeObject, condition, now, withConditions } from './made-up-bridges.ts';

const good = factsOf(bridgeObject());
const wrong = factsOf(
  bridgeObject({
    metadata: { name: 'trucks', namespace: 'market' },
    status: withConditions(
      condition(
        'Ready',
        'False',
        'RulesInvalid',
        'rules[0].sql:1:8: no such column\nThe last good document goes on running.',
      ),
    ),
  }),
);
const fresh = factsOf({
  ...bridgeObject({ metadata: { name: 'new', creationTimestamp: now.toISOString() }, status: undefined }),
  spec: {},
});

const plain = () => new StatusTable(painter(false));

it('has a row for each bridge, and says below why some are not ready', () => {
  expect(plain().text([good, wrong, fresh], now)).toBe(
    `NAMESPACE  NAME    READY  REASON        REPLICAS  RULES  RECEIVED  DELIVERED  DEAD-LETTERED  DROPPED  AGE
shop       cars    True   AllReady      2/2       3      950/s     940/s      12             0        10m
market     trucks  False  RulesInvalid  2/2       3      950/s     940/s      12             0        10m
shop       new     False  NotLookedAt   -/-       -      -         -          -              -        0s

market/trucks is not ready, RulesInvalid
  rules[0].sql:1:8: no such column
  The last good document goes on running.
shop/new is not ready, NotLookedAt
  No operator has looked at it yet. Does one run, and does it work in this namespace?
`,
  );
});

it('names what is wrong with a bridge that is ready all the same', () => {
  const status = withConditions(condition('MonitoringReady', 'False', 'PodsNotReady', '0 of 1 Pods are ready.'));
  const [, row, , ...notes] = plain()
    .text([factsOf(bridgeObject({ status }))], now)
    .split('\n');
  expect(row).toContain('True   AllReady');
  expect(notes).toEqual(['shop/cars: MonitoringReady is False, PodsNotReady', '  0 of 1 Pods are ready.', '']);
});

it('sets later rows below the columns that are printed', () => {
  const table = plain();
  const [title] = table.text([good], now).split('\n');
  const short = factsOf(bridgeObject({ metadata: { name: 'c' } }));
  expect(table.rows([short], now).indexOf('AllReady')).toBe(title!.indexOf('REASON'));
});

it('has the same text in colours', () => {
  const coloured = new StatusTable(painter(true)).text([good, wrong], now);
  expect(coloured).toContain('\x1b[31mFalse');
  expect(coloured).toContain('\x1b[32mTrue');
  expect(stripVTControlCharacters(coloured)).toBe(plain().text([good, wrong], now));
});

it('lets nobody who may write a bridge move the cursor of somebody who looks at it', () => {
  const status = withConditions(condition('Ready', 'False', 'A\x1b[2J', 'b\x1b]0;title\x07\u009bc\ttab'));
  const text = plain().text([factsOf(bridgeObject({ status }))], now);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  expect(text).toContain('b\ufffd]0;title\ufffd\ufffdc\ufffdtab');
});

// A topic could be shown as another: what stands behind one of these is read from right to left.
it.each([
  ['turns the direction', 'cars/\u202egnol', 'cars/\ufffdgnol'],
  ['isolates a direction', '\u2067a\u2069', '\ufffda\ufffd'],
  ['begins a line', 'a\u2028b\u2029', 'a\ufffdb\ufffd'],
  ['belongs to a language that is written from right to left', 'שלום', 'שלום'],
])('prints text with what %s so that it is read as it is', (_, text, printed) => {
  expect(printable(text)).toBe(printed);
});

it('prints what the guide shows', () => {
  const guide = readFileSync('docs/install-kubernetes.md', 'utf8');
  const vehicles = factsOf(bridgeObject({ metadata: { name: 'my-vehicles' } }));
  const message = 'rules[0].sql:1:8: There is no column speeed.\nThe last good document goes on running.';
  const status = withConditions(condition('Ready', 'False', 'RulesInvalid', message));
  const trucks = factsOf(bridgeObject({ metadata: { name: 'trucks', namespace: 'market' }, status }));
  expect(guide).toContain(`$ kubectl mkb status --all-namespaces\n${plain().text([trucks, vehicles], now)}\`\`\`\n`);
});

it('is drawn again in its place, without what was longer before', () => {
  expect(redrawn('a\nb\n')).toBe('\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J');
});
