import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { documentOf } from '../api/support/documents.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';

const minute = 60_000;
const folder = temporaryFolder('build');
const built = join(folder, 'dist');
const mkb = (...args: string[]) =>
  execFileSync(process.execPath, [join(built, 'cli/mkb.js'), ...args], { encoding: 'utf8' });

beforeAll(() => {
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  copyFileSync('package.json', join(folder, 'package.json'));
  execFileSync(process.execPath, ['scripts/build.ts', '--out-dir', built]);
}, 2 * minute);
afterAll(() => removeFolder(folder));

it('has every command when it is built to JavaScript', () => {
  const source = execFileSync(process.execPath, ['cli/mkb.ts', '--help'], { encoding: 'utf8' });
  expect(mkb('--help')).toBe(source);
  const commands = source.match(/^ {2}[a-z][a-z-]*(?=.* {2})/gm)!.map(line => line.trim());
  expect(commands).toEqual(expect.arrayContaining(['run', 'exporter', 'simulate']));
  for (const command of commands.filter(name => name !== 'help')) {
    expect(mkb(command, '--help')).toContain(`mkb ${command}`);
  }
});

it('makes the same objects for a cluster, dashboards and alerts among them', () => {
  const file = join(folder, 'monitored.json');
  writeFileSync(file, JSON.stringify(documentOf({ monitoring: { exporter: {}, prometheus: {}, grafana: {} } })));
  const source = execFileSync(process.execPath, ['cli/mkb.ts', 'render', 'k8s', file], { encoding: 'utf8' });
  // Of texts as long as these nobody would read the difference.
  expect(['mkb-pipeline', 'mkb-kafka', 'MkbMessagesLost'].filter(each => !source.includes(each))).toEqual([]);
  expect(mkb('render', 'k8s', file) === source).toBe(true);
});

it('holds no file of tests, and none that only makes other files', () => {
  expect(readdirSync(built)).not.toContain('test');
  expect(readdirSync(built)).not.toContain('scripts');
});
