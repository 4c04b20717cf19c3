/** The thread that works out bcrypt: see bcrypt.ts. */
import { parentPort } from 'node:worker_threads';
import { compareSync } from 'bcryptjs';
import type { BcryptAnswer, BcryptQuestion } from './bcrypt.ts';

parentPort!.on('message', ({ number, password, hash }: BcryptQuestion) => {
  const answer: BcryptAnswer = { number, fits: compareSync(password, hash) };
  parentPort!.postMessage(answer);
});
