/** `mkb init`: a first document, from a few answers and from what is published. */
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { MkbError } from '../api/errors.ts';
import { loadText } from '../api/load.ts';
import { hasErrors } from '../api/problems.ts';
import { checksFor } from './documents.ts';
import { exitCodes } from './exit-codes.ts';
import { type Answers, documentText } from './init-document.ts';
import { look } from './init-look.ts';
import { type Proposal, propose } from './init-proposal.ts';
import { printError, printProblems } from './output.ts';

export interface InitOptions extends Partial<Answers> {
  /** Seconds, or true for the usual time. */
  readonly look?: number | true;
  readonly yes?: true;
  readonly output?: string;
  readonly secretsDir: string;
}

const usualSeconds = 5;

const usual: Answers = {
  name: 'bridge',
  mqtt: 'mqtt://localhost:1883',
  from: '#',
  kafka: 'localhost:9092',
  to: 'mqtt-messages',
};

const questions: readonly (readonly [Exclude<keyof Answers, 'username'>, string])[] = [
  ['name', 'Name of the bridge'],
  ['mqtt', 'MQTT server'],
  ['from', 'Topics to read, with + and #'],
  ['kafka', 'Bootstrap servers of Kafka'],
  ['to', 'Kafka topic'],
];

/** Returns the exit code. */
export const init = async (options: InitOptions): Promise<number> => {
  const asks = options.yes !== true && process.stdin.isTTY === true;
  const answers = asks ? await ask(options) : { ...usual, ...options };
  const first = documentText(answers, [], 'nothing was looked at');
  const { documents, problems } = loadText(first, 'the answers', { checks: checksFor('process') });
  printProblems(problems);
  const [loaded] = documents;
  if (hasErrors(problems) || loaded === undefined) return exitCodes.configuration;
  try {
    const seconds = options.look === true ? usualSeconds : options.look;
    const proposals = seconds === undefined ? undefined : await proposed(loaded.document, options.secretsDir, seconds);
    await give(
      proposals === undefined ? first : documentText(answers, proposals, `looked at for ${seconds} s`),
      options.output,
    );
    return exitCodes.ok;
  } catch (error) {
    printError(error);
    return exitCodes.failed;
  }
};

/** What is missing. An empty answer is the usual one. */
async function ask(given: InitOptions): Promise<Answers> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answers = { ...usual, ...given };
  try {
    for (const [name, question] of questions) {
      if (given[name] !== undefined) continue;
      const answer = (await lines.question(`${question} [${usual[name]}]: `)).trim();
      if (answer !== '') answers[name] = answer;
    }
  } finally {
    lines.close();
  }
  return answers;
}

async function proposed(
  document: Parameters<typeof look>[0],
  secretsDir: string,
  seconds: number,
): Promise<readonly Proposal[]> {
  process.stderr.write(`Looking for ${seconds} s at what is published ...\n`);
  const seen = await look(document, { secretsDir, seconds });
  const proposals = propose(seen.samples);
  const kinds = proposals.map(({ filter, messages }) => `  ${filter}: ${messages}\n`).join('');
  process.stderr.write(seen.messages === 0 ? 'Nothing was published.\n' : `${seen.messages} messages:\n${kinds}`);
  return proposals;
}

async function give(text: string, file: string | undefined): Promise<void> {
  if (file === undefined) {
    process.stdout.write(text);
    return;
  }
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const allowed = code === 'EEXIST' ? 'a new file' : `a file that can be written (${code})`;
    throw new MkbError('option-invalid', { option: '--output', found: file, allowed }, { cause });
  }
  process.stderr.write(`Written. Next:\n  mkb doctor ${file}\n  mkb run ${file}\n`);
}
