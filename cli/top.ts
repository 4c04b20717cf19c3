/** `mkb top`: rates, latency and what waits of running bridges, again and again. */
import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { MkbError } from '../api/errors.ts';
import { exitCodes } from './exit-codes.ts';
import type { BridgePort } from './live/port.ts';
import { movingBetween, type Scrape, scrapeOf } from './live/scrape.ts';
import { exitCodeOf, type LiveOptions, portOf } from './live/target.ts';
import { type BridgeTop, topOf } from './live/top-figures.ts';
import { topText } from './live/top-text.ts';
import { printError, takesColour } from './output.ts';
import { StopSignal } from './signals.ts';
import { painter, redrawn } from './status-text.ts';

export interface TopOptions extends LiveOptions {
  /** Milliseconds between two looks. */
  readonly interval: number;
  readonly once?: true;
  readonly json?: true;
}

export const top = async (options: TopOptions): Promise<number> => {
  const signal = new StopSignal();
  try {
    await follow(await portOf(options), options, signal.stopping);
    return exitCodes.ok;
  } catch (error) {
    if (signal.stopping.aborted) return exitCodes.ok;
    printError(error);
    return exitCodeOf(error);
  } finally {
    signal.end();
  }
};

/** Throws what the first look throws. If the bridge does not answer later, that is shown, and it is looked at again. */
async function follow(port: BridgePort, options: TopOptions, signal: AbortSignal): Promise<void> {
  let last: Scrape | undefined = await look(port, signal);
  while (!signal.aborted) {
    await pause(options.interval, undefined, { signal }).catch(() => undefined);
    const before: Scrape | undefined = last;
    last = await look(port, signal).catch(error => {
      if (options.once) throw error;
      if (!signal.aborted) process.stderr.write(`${(error as Error).message}\n`);
      return undefined;
    });
    if (last === undefined || before === undefined || signal.aborted) continue;
    show(topOf([movingBetween(before, last)]), options);
    if (options.once) return;
  }
}

const look = async (port: BridgePort, signal: AbortSignal): Promise<Scrape> =>
  scrapeOf(await bodyOf(port, await port.get('/metrics', signal)), performance.now());

/** What is longer is no page of metrics. */
const mostBytes = 64 * 1024 * 1024;

/** Throws `tap-unreachable`. */
async function bodyOf({ where }: BridgePort, response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response) {
      bytes += (chunk as Buffer).length;
      if (bytes > mostBytes) throw new Error('/metrics is too long');
      chunks.push(chunk as Buffer);
    }
  } catch (cause) {
    throw new MkbError('tap-unreachable', { where, reason: (cause as Error).message }, { cause });
  }
  return Buffer.concat(chunks).toString();
}

function show(bridges: readonly BridgeTop[], { json, once }: TopOptions): void {
  const out = process.stdout;
  if (json) {
    out.write(`${JSON.stringify({ time: new Date().toISOString(), bridges })}\n`);
    return;
  }
  const text = bridges.length === 0 ? 'It has no metrics of a bridge.\n' : topText(bridges, painter(takesColour(out)));
  if (once) out.write(text);
  else if (out.isTTY) out.write(redrawn(`${text}\n${new Date().toLocaleTimeString()}, Ctrl-C ends\n`));
  else out.write(`${new Date().toISOString()}\n${text}\n`);
}
