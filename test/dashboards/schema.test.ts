/**
 * The committed JSON against Grafana's schema, as far as the SDK's types have it: a file is written that says of each dashboard, and of
 * each panel's options, that it is of the SDK's type, and the compiler is asked. It finds wrong kinds of values, words that are none of an
 * enum's, missing properties, and properties that Grafana does not know.
 */
import { execFile } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { committedDashboards, panelsOf, root } from './support/committed.ts';

const sdk = '@grafana/grafana-foundation-sdk';

/** Kinds of panels whose options, and whose custom field settings, have a type. */
const withFieldConfig = new Set(['timeseries', 'table', 'state-timeline']);
const moduleOf = (type: string): string => type.replace('-', '');

/** JSON has the words of an enum, not its members. */
const plain = `
type Plain<T> = T extends string ? (string extends T ? T : \`\${T}\`)
  : T extends (...args: never[]) => unknown ? never
  : T extends readonly (infer E)[] ? Plain<E>[]
  : T extends object ? { [K in keyof T as T[K] extends (...args: never[]) => unknown ? never : K]: Plain<T[K]> }
  : T;
type Target = Plain<import('${sdk}/prometheus').Dataquery>;
type PlainPanel = Omit<Plain<import('${sdk}/dashboard').Panel>, 'targets'> & { targets?: Target[] };
type PlainRow = Omit<Plain<import('${sdk}/dashboard').RowPanel>, 'panels'> & { panels: PlainPanel[] };
type PlainDashboard = Omit<Plain<import('${sdk}/dashboard').Dashboard>, 'panels'> & { panels: (PlainPanel | PlainRow)[] };
`;

const claims = (name: string, dashboard: Dashboard): string[] => [
  `export const ${name}: PlainDashboard = ${JSON.stringify(dashboard)};`,
  ...panelsOf(dashboard).flatMap(panel => panelClaims(`${name}${panel.id}`, panel)),
];

const panelClaims = (name: string, { type, options, fieldConfig }: Panel): string[] => {
  const from = `import('${sdk}/${moduleOf(type)}')`;
  const custom = fieldConfig?.defaults.custom;
  return [
    `export const ${name}options: Plain<${from}.Options> = ${JSON.stringify(options)};`,
    ...(withFieldConfig.has(type) && custom
      ? [`export const ${name}custom: Partial<Plain<${from}.FieldConfig>> = ${JSON.stringify(custom)};`]
      : []),
  ];
};

const compilerOptions = {
  module: 'nodenext',
  moduleResolution: 'nodenext',
  target: 'es2024',
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
};

let folder: string;
beforeAll(() => {
  folder = temporaryFolder('schema');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['claims.ts'] }));
});
afterAll(() => removeFolder(folder));

/** What the compiler says, '' if nothing. */
const complaints = async (lines: readonly string[]): Promise<string> => {
  writeFileSync(join(folder, 'claims.ts'), [plain, ...lines, ''].join('\n'));
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  try {
    await promisify(execFile)(process.execPath, [tsc, '-p', folder, '--pretty', 'false']);
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
};

test('every dashboard, and the options of every panel, are of the types of Grafana’s SDK', async () => {
  const lines = committedDashboards.flatMap(({ name, dashboard }) => claims(name.replace('-', '_'), dashboard));
  expect(await complaints(lines)).toBe('');
});

test('what is not of those types is found', async () => {
  const wrong = structuredClone(committedDashboards[0]!.dashboard) as unknown as {
    graphTooltip: unknown;
    panels: { options?: { colorMode: string }; unheard?: boolean }[];
  };
  wrong.graphTooltip = 'crosshair';
  wrong.panels[1]!.options!.colorMode = 'colourful';
  wrong.panels[2]!.unheard = true;
  const found = await complaints(claims('wrong', wrong as unknown as Dashboard));
  expect(found).toContain('DashboardCursorSync');
  expect(found).toContain('colourful');
  expect(found).toContain('unheard');
});
