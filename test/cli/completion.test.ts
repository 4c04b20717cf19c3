import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../cli/commands/table.ts';
import { mkb } from './mkb-process.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'mkb-completion-'));
  const { code, stdout, stderr } = await mkb(['completion', 'bash']);
  expect([code, stderr]).toEqual([0, '']);
  writeFileSync(path.join(folder, 'mkb.bash'), stdout);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What bash offers when Tab is pressed behind the last of these words. */
const offered = (...words: string[]): string[] => {
  const ask = `
    source mkb.bash
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _mkb
    printf '%s\n' "${'${COMPREPLY[@]}'}"`;
  const answer = execFileSync('bash', ['-uc', ask, 'bash', 'mkb', ...words], { cwd: folder, encoding: 'utf8' });
  return answer.split('\n').filter(word => word !== '');
};

describe('bash offers', () => {
  it('every command', () => {
    expect(offered('')).toEqual(Object.keys(commands));
    expect(offered('dea')).toEqual(['dead-letters']);
  });

  it.each([
    [
      ['dead-letters', ''],
      ['list', 'show', 'replay', 'drop'],
    ],
    [['dead-letters', 'list', '--su'], ['--summary']],
    [
      ['run', '--log'],
      ['--log-level', '--log-format'],
    ],
    [
      ['run', '--log-format', ''],
      ['auto', 'text', 'json'],
    ],
    [['run', 'bridge.yaml', '--log-format', 't'], ['text']],
    [['status', '-o', 'y'], ['yaml']],
    [['schema', 'MqttU'], ['MqttUser']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish', 'powershell'],
    ],
    // Names of files, which are bash's own business.
    [['run', ''], []],
    [['run', '--secrets-dir', ''], []],
    [['validate', 'bri'], []],
    // A file that is called as a command is none.
    [['run', 'validate', '--js'], []],
  ])('%j %j', (words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });
});

it.each(['zsh', 'fish', 'powershell'])('%s gets every command and option there is', async shell => {
  const { code, stdout } = await mkb(['completion', shell]);
  expect(code).toBe(0);
  const dashes = shell === 'fish' ? '-l ' : '--';
  for (const word of [...Object.keys(commands), `${dashes}dead-letter-topic`, `${dashes}log-format`, 'MqttUser'])
    expect(stdout).toContain(word);
});

it('a shell that is none is refused', async () => {
  const { code, stderr } = await mkb(['completion', 'tcsh']);
  expect(code).toBe(2);
  expect(stderr).toContain('Allowed choices are bash, zsh, fish, powershell.');
});
