/**
 * Runs the fault tests that count what became of every message, and writes the table of docs/reliability.md from their counts.
 *
 *     npm run proof             the table, in a quarter of an hour
 *     npm run proof -- --soak   also ten minutes of faults in turn, with the memory of the bridge watched; it writes nothing
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';
import type { Proof } from './prove.ts';
import { files, rows } from './rows.ts';
import { keyOf, tableOf, withTable } from './table.ts';

const { values } = parseArgs({ options: { soak: { type: 'boolean' } } });
const root = join(import.meta.dirname, '..', '..', '..');
const page = join(root, 'docs', 'reliability.md');
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');

function run(tests: readonly string[], env: NodeJS.ProcessEnv): boolean {
  const options = { cwd: root, stdio: 'inherit', env: { ...process.env, REQUIRE_REAL: '1', ...env } } as const;
  return spawnSync(process.execPath, [vitest, 'run', ...tests], options).status === 0;
}

const folder = temporaryFolder('proof');
try {
  const file = join(folder, 'proofs.jsonl');
  // Long runs have other outages, and so other names.
  const passed = run(files, { MKB_PROOF: file, MKB_LONG: '' });
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  const proofs = new Map(lines.map(line => JSON.parse(line) as Proof).map(proof => [keyOf(proof), proof]));
  const missing = rows.filter(row => !proofs.has(keyOf(row))).map(keyOf);
  const strange = [...proofs.keys()].filter(key => !rows.some(row => keyOf(row) === key));
  for (const key of missing) console.error(`Not proved: ${key}`);
  for (const key of strange) console.error(`Proved, and not in test/faults/proof/rows.ts: ${key}`);
  if (!passed || missing.length > 0 || strange.length > 0) {
    console.error('docs/reliability.md stays as it is.');
    process.exitCode = 1;
  } else {
    const table = tableOf(rows.map(row => proofs.get(keyOf(row))!));
    writeFileSync(page, withTable(readFileSync(page, 'utf8'), table));
    console.log(`${rows.length} rows are written to docs/reliability.md.`);
  }
  if (values.soak && !run(['test/faults/soak.test.ts'], { MKB_SOAK: '10' })) process.exitCode = 1;
} finally {
  removeFolder(folder);
}
