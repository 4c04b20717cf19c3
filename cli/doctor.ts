/** `mkb doctor`: whether a bridge could run with a document, a line for each thing that it needs. */
import { styleText } from 'node:util';
import { hasErrors } from '../api/problems.ts';
import type { Check } from '../bridge/doctor/check.ts';
import { examine } from '../bridge/doctor/doctor.ts';
import { createLog } from '../bridge/observe/log.ts';
import { loadChecked } from './documents.ts';
import { exitCodes } from './exit-codes.ts';
import { printProblems, takesColour } from './output.ts';
import { hanging } from './status-text.ts';

export interface DoctorOptions {
  readonly json?: true;
  readonly secretsDir: string;
  readonly ordinal: number;
}

/** Returns the exit code. */
export const doctor = async (
  files: readonly string[],
  { json, secretsDir, ordinal }: DoctorOptions,
): Promise<number> => {
  const { documents, problems } = await loadChecked(files);
  printProblems(problems);
  if (hasErrors(problems)) return exitCodes.configuration;
  const checks: (Check & { readonly bridge: string })[] = [];
  for (const { document } of documents) {
    const bridge = document.metadata.name;
    if (!json && documents.length > 1) process.stdout.write(`${bridge}\n`);
    for await (const check of examine(document, { secrets: { secretsDir }, log: createLog('silent'), ordinal })) {
      checks.push({ bridge, ...check });
      if (!json) process.stdout.write(lineOf(check, takesColour(process.stdout)));
    }
  }
  if (json) process.stdout.write(`${JSON.stringify(checks, null, 2)}\n`);
  return checks.some(({ state }) => state === 'failed') ? exitCodes.failed : exitCodes.ok;
};

const formats = { ok: 'green', warning: 'yellow', failed: 'red' } as const;

const lineOf = ({ name, state, detail, code, remedy }: Check, colour: boolean): string => {
  const word = state.padEnd(7);
  const begin = colour ? styleText(formats[state], word, { validateStream: false }) : word;
  const what = code === undefined ? detail : `${detail} [${code}]`;
  return `${begin}  ${hanging(`${name}: ${what}`, 9)}\n${remedy === undefined ? '' : `         ${hanging(remedy, 9)}\n`}`;
};
