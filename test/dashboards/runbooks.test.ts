/** Runbooks are read when something is wrong, which is no time for a command that does not work or a link that leads nowhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { dropReasons, intendedOutcomes } from '../../bridge/flow/outcome.ts';
import { intendedReasons } from '../../dashboards/promql.ts';
import { alertNames, allAlerts, runbookPanel, runbookPath } from '../../dashboards/rule-file.ts';
import { mkb } from '../cli/mkb-process.ts';
import { committedBridgeDashboards, panelsOf, root } from './support/committed.ts';
import { knownMetrics, metricNames } from './support/metric-names.ts';

const folder = join(root, 'docs', 'runbooks');
const pages = readdirSync(folder).map(file => ({ file, text: readFileSync(join(folder, file), 'utf8') }));
const index = pages.find(({ file }) => file === 'README.md')!.text;
const all = pages.map(({ text }) => text).join('\n');
const known = knownMetrics();

/** The arguments of a command line, as a shell would split it. */
const argumentsOf = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);

describe.each(pages)('$file', ({ text }) => {
  test('links to pages that are there', () => {
    for (const [, link] of text.matchAll(/\]\(([^)#]+)\)/g)) {
      expect(existsSync(join(dirname(join(folder, 'x')), link!)), link).toBe(true);
    }
  });

  test('asks Prometheus for metrics that are exported', () => {
    const queries = [...text.matchAll(/promtool query instant \S+ '([^']*)'/g)].flatMap(([, query]) =>
      metricNames(query!),
    );
    expect(queries.filter(metric => !known.has(metric))).toEqual([]);
  });
});

test('each page is of an alert that there is, and in the list with its severities', () => {
  const names = [...new Set(allAlerts.map(({ name }) => name))];
  expect(pages.map(({ file }) => `docs/runbooks/${file}`).sort()).toEqual(
    [...names.map(name => runbookPath({ name })), 'docs/runbooks/README.md'].sort(),
  );
  for (const name of names) {
    const severities = new Set(allAlerts.filter(alert => alert.name === name).map(({ severity }) => severity));
    expect(index).toContain(
      `| [${name}](${runbookPath({ name }).split('/').at(-1)}) | ${[...severities].join(', ')} |`,
    );
  }
});

test('the runbook of losses explains every reason', () => {
  const text = readFileSync(join(root, runbookPath({ name: 'MkbMessagesLost' })), 'utf8');
  for (const reason of dropReasons.filter(each => !intendedReasons.includes(each))) {
    expect(text).toContain(`| \`${reason}\` |`);
  }
});

/** Indented lines, each with its page; one that ends with a backslash goes on in the next. */
const lines = pages.flatMap(({ file, text }) =>
  [...text.replaceAll('\\\n', '').matchAll(/^ {4,}(\S.*)$/gm)].map(([, line]) => ({ file, line: line! })),
);
const containers = Object.values(
  parse(readFileSync(join(root, 'demo', 'compose', 'compose.yaml'), 'utf8'), { merge: true }).services as Record<
    string,
    { container_name: string }
  >,
).map(({ container_name }) => container_name);

// Who was paged had no mosquitto_sub and no kafka-consumer-groups.sh: they are in the containers.
test.each(lines)('$file: $line begins with a program that a user has, and names a container that there is', ({
  line,
}) => {
  const [program, verb, ...rest] = line.split(' ');
  expect(['docker', 'kubectl', 'curl', 'npm']).toContain(program);
  if (program !== 'docker' || verb === 'ps') return;
  expect(rest.some(word => containers.includes(word))).toBe(true);
});

const commands = [...new Set([...all.matchAll(/npm run --silent mkb -- (.*)$/gm)].map(([, line]) => line!))];

test.each(commands)('mkb %s', async line => {
  // What reads Kafka is asked for its help: that its name and options are known.
  const readsKafka = line.startsWith('dead-letters ');
  const { code, stderr } = await mkb([...argumentsOf(line), ...(readsKafka ? ['--help'] : [])]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test('dashboards, alerts and runbooks take the same reasons for intended as the bridge', () => {
  expect(intendedReasons).toEqual(intendedOutcomes);
  expect(readFileSync(join(folder, 'mkb-messages-lost.md'), 'utf8')).toContain(`"${intendedReasons.join('|')}"`);
  expect(readFileSync(join(root, 'operator', 'observed', 'pod-figures.ts'), 'utf8')).toContain(
    intendedReasons.join('|'),
  );
});

describe('as a dashboard', () => {
  const { dashboard } = committedBridgeDashboards.find(({ name }) => name === 'runbooks')!;
  const page = (id: number) => panelsOf(dashboard).find(panel => panel.id === id)!;

  // Links of alerts were paths of this repository, which lead nowhere from a Grafana or a mail.
  test.each(alertNames)('%s is where its link leads', name => {
    const panel = page(runbookPanel({ name }));
    expect(panel.title).toBe(name);
    expect((panel.options as { content: string }).content).toMatch(/^## Meaning\n/);
  });

  test('links within it lead to panels that there are, and none to files', () => {
    for (const panel of panelsOf(dashboard).filter(({ type }) => type === 'text')) {
      for (const [, to] of (panel.options as { content: string }).content.matchAll(/\]\(([^)]+)\)/g)) {
        const id = /^\?viewPanel=(\d+)$/.exec(to!)?.[1];
        expect(id, to).toBeDefined();
        expect(page(Number(id)).type).toBe('text');
      }
    }
  });
});
