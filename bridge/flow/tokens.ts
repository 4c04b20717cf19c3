/**
 * What the tokens of records mean: the number of a sink, and the slot of the message in the settlement. Number 0 is dead letters of messages,
 * and the one after the last sink's is dead letters of rows of windows and events, which have no message.
 */
import type { MkbError } from '../../api/errors.ts';
import type { Record } from '../kafka/record.ts';
import type { BoundRule, BoundSink } from './bound-rule.ts';
import type { DeadLetters } from './dead-letters.ts';
import { outcomeNumber } from './outcome.ts';
import type { Routes } from './routes.ts';
import type { Settlement } from './settlement.ts';
import type { WindowRows } from './window-rows.ts';

const deadLetterSink = 0;
/** The most slots that settlement needs: a million messages in flight. */
const mostSlotBits = 20;

export interface TokensParts {
  readonly sinks: readonly BoundSink[];
  readonly slotBits: number;
  readonly settlement: Settlement;
  readonly rows: WindowRows;
  readonly letters: DeadLetters;
  readonly routes: Routes;
}

export class Tokens {
  readonly #parts: TokensParts;
  readonly #slotBits: number;
  readonly #mask: number;

  constructor(parts: TokensParts) {
    this.#parts = parts;
    this.#slotBits = parts.slotBits;
    this.#mask = 2 ** parts.slotBits - 1;
  }

  delivered(tokens: readonly number[]): void {
    const { sinks, settlement, rows } = this.#parts;
    const now = performance.now();
    for (const token of tokens) {
      const number = token >>> this.#slotBits;
      const slot = token & this.#mask;
      const sink = sinks[number - 1];
      if (number === deadLetterSink) settlement.release(slot, outcomeNumber.dead_lettered, now);
      else if (sink === undefined) rows.letterDelivered();
      else {
        sink.delivered++;
        if (!sink.rule.standsAlone) settlement.release(slot, outcomeNumber.delivered, now);
        else rows.delivered();
      }
    }
  }

  failed(token: number, record: Record, error: MkbError): void {
    const { sinks, rows, letters } = this.#parts;
    const number = token >>> this.#slotBits;
    const slot = token & this.#mask;
    const sink = sinks[number - 1];
    if (number === deadLetterSink) letters.failed(slot, record, error);
    else if (sink === undefined) rows.letterFailed(record, error);
    else {
      sink.failed++;
      if (sink.rule.standsAlone) rows.failed(sink.rule, record, error);
      else this.#giveUp(sink.rule, record, error, slot);
    }
  }

  #giveUp(rule: BoundRule, { key, value }: Record, error: MkbError, slot: number): void {
    const { settlement, routes, letters } = this.#parts;
    const message = settlement.recall(slot);
    const captures = routes.of(message.topic).find(route => route.rule === rule)?.captures ?? [];
    const payload = message.payload ?? value ?? Buffer.alloc(0);
    letters.giveUp({ rule: rule.name, error, message, payload, key, clientid: rule.clientIdOf(captures) }, slot);
  }
}

/** The token of a record of a row, which has no slot. @param sink its number, 0 for a dead letter; @param sinks how many there are */
export const rowToken = (sink: number, sinks: number, slotBits: number): number =>
  (sink === deadLetterSink ? sinks + 1 : sink) << slotBits;

/** How many bits of a token are the slot: a token is a positive 32-bit integer, and the rest of it is the number of a sink. */
export function slotBitsFor(rules: readonly BoundRule[]): number {
  const sinks = rules.reduce((sum, rule) => sum + rule.sinks.length, 0);
  // Two numbers are of dead letters: 0, and the one after the last sink's.
  return Math.min(mostSlotBits, 31 - Math.ceil(Math.log2(sinks + 2)));
}
