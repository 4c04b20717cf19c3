/** `mkb tap`: what a running bridge receives, makes of it, sends, and fails with, as it happens. */
import { MkbError } from '../api/errors.ts';
import { exitCodes } from './exit-codes.ts';
import { type ServerEvent, serverEvents } from './live/events.ts';
import type { BridgePort } from './live/port.ts';
import { TapPrinter } from './live/tap-printer.ts';
import { exitCodeOf, type LiveOptions, portOf } from './live/target.ts';
import { printError } from './output.ts';
import { StopSignal } from './signals.ts';

export interface TapOptions extends LiveOptions {
  readonly filter?: string;
  readonly limit?: number;
  readonly format: 'table' | 'json';
  readonly rate: number;
  readonly bytes: number;
}

export const tap = async (points: readonly string[], options: TapOptions): Promise<number> => {
  const signal = new StopSignal();
  const printer = new TapPrinter(options, process.stdout);
  try {
    await watch(await portOf(options), pathOf(points, options), printer, signal.stopping);
    process.stderr.write(`${printer.summary}\n`);
    return exitCodes.ok;
  } catch (error) {
    printError(error);
    if (printer.shown > 0) process.stderr.write(`${printer.summary}\n`);
    return exitCodeOf(error);
  } finally {
    signal.end();
  }
};

const pathOf = (points: readonly string[], { filter, limit, rate, bytes }: TapOptions): string => {
  const query = new URLSearchParams(points.map((point): [string, string] => ['point', point]));
  if (filter !== undefined) query.set('filter', filter);
  if (limit !== undefined) query.set('limit', String(limit));
  query.set('rate', String(rate));
  query.set('bytes', String(bytes));
  return `/-/tap?${query}`;
};

/** Until the limit, the signal, or the end of the bridge. */
async function watch(port: BridgePort, path: string, printer: TapPrinter, signal: AbortSignal): Promise<void> {
  for await (const event of eventsOf(port, path, signal)) {
    const reason = printer.take(event);
    if (reason === undefined) continue;
    if (!printer.full) process.stderr.write(`${reason}\n`);
    return;
  }
  if (!signal.aborted) throw brokenOff(port, new Error('the connection has ended'));
}

/** Ends when the signal comes. Throws `tap-unreachable` and `tap-refused`. */
async function* eventsOf(port: BridgePort, path: string, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  try {
    yield* serverEvents(await port.get(path, signal));
  } catch (error) {
    if (!signal.aborted) throw MkbError.is(error) ? error : brokenOff(port, error as Error);
  }
}

const brokenOff = ({ where }: BridgePort, cause: Error): MkbError =>
  new MkbError('tap-unreachable', { where, reason: cause.message }, { cause });
