/** What a tag becomes (.github/workflows/release.yml), as far as it can be tried without one. */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeReal } from '../real/require.ts';
import { actionlintProgram } from '../real/systems.ts';

const workflows = globSync('.github/workflows/*.yml').sort();
const version: string = JSON.parse(readFileSync('package.json', 'utf8')).version;

describeReal('actionlint')('the workflows', () => {
  it('have no fault that actionlint finds', () => {
    expect(workflows.length).toBeGreaterThan(1);
    // Its own checks alone: whether shellcheck is installed differs between machines.
    expect(execFileSync(actionlintProgram(), ['-shellcheck=', '-pyflakes=', ...workflows], { encoding: 'utf8' })).toBe(
      '',
    );
  });
});

describe('the workflows', () => {
  it('take no action of others that may change under its name', () => {
    const used = workflows.flatMap(file =>
      [...readFileSync(file, 'utf8').matchAll(/uses: (\S+)/g)].map(([, name]) => name!),
    );
    expect(used.length).toBeGreaterThan(5);
    expect(used.filter(name => !/@[0-9a-f]{40}$/.test(name))).toEqual([]);
  });

  it('find in install.yaml the name of the image that they replace by that of the release', () => {
    const text = readFileSync('deploy/install.yaml', 'utf8');
    const named = text.match(/\bmkb:\d[\w.-]*/g)!;
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter(name => name !== `mkb:${version}`)).toEqual([]);
    // One a line: `sed s#a#b#` replaces the first.
    expect(text.split('\n').filter(line => line.split(`mkb:${version}`).length > 2)).toEqual([]);
  });
});

describe('the changelog', () => {
  const text = readFileSync('CHANGELOG.md', 'utf8');
  it('has headings of Keep a Changelog alone', () => {
    const headings = [...text.matchAll(/^##+ (.*)$/gm)].map(([, heading]) => heading!);
    const known =
      /^(?:\[Unreleased\]|\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}|Added|Changed|Deprecated|Removed|Fixed|Security)$/;
    expect(headings[0]).toBe('[Unreleased]');
    expect(headings.filter(heading => !known.test(heading))).toEqual([]);
  });
});
