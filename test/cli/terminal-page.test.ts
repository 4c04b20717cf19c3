import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const page = readFileSync(path.join(root, 'docs', 'terminal.md'), 'utf8');
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(([, text]) => text!);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'mkb-terminal-'));
  writeFileSync(path.join(folder, 'bridge.yaml'), blocks('yaml')[0]!);
  writeFileSync(path.join(folder, 'mkb'), `#!/bin/sh\nexec '${process.execPath}' '${root}/bin/mkb' "$@"\n`, {
    mode: 0o755,
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a terminal shows for a command: both streams. */
const shown = (command: string): string =>
  execFileSync('bash', ['-c', `${command} 2>&1`], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
  });

const transcripts = blocks('console').flatMap(block =>
  [...block.matchAll(/^\$ (.*)\n((?:(?!\$ ).*\n)*)/gm)].map(([, command, output]) => [command!, output!] as const),
);

describe('docs/terminal.md shows what is printed by', () => {
  it('several commands', () => expect(transcripts.length).toBeGreaterThanOrEqual(6));

  it.each(transcripts)('%s', (command, output) => {
    expect(shown(command)).toBe(output);
  });
});

it('docs/terminal.md draws the graph that is printed', () => {
  const [, graph] = transcripts.find(([command]) => command.startsWith('mkb graph'))!;
  expect(blocks('mermaid')).toEqual([graph]);
});
