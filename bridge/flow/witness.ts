/**
 * Who sees messages on their way without being part of it (../tap). The pipeline is built without a place for that: a witness is put in front of what it wants
 * to see while there is one, and taken away afterwards, so that a message costs nothing more when nobody looks.
 *
 * Nothing of it may throw. What it is called with is valid during the call only.
 */
import type { MkbError } from '../../api/errors.ts';
import type { Captures, Origin, Row } from '../../rules/rule.ts';
import type { BoundRule, BoundSink } from './bound-rule.ts';
import type { Remains } from './letters.ts';
import type { Outcome } from './outcome.ts';
import type { Sent } from './sent.ts';
import type { Writer } from './sink.ts';
import type { Source } from './source.ts';

export interface Witness {
  /** A source has handed a message over. */
  readonly came?: ((source: Source, message: Origin) => void) | undefined;
  /** For what a rule of that name makes. Asked once for each sink. */
  readonly made?: ((rule: string) => SeesRow | undefined) | undefined;
  /** A sink has taken what was made of a row. */
  readonly sent?: ((sink: BoundSink, origin: Origin, sent: () => Sent) => void) | undefined;
  /** A message failed, and is a dead letter or dropped. */
  readonly lost?: ((lost: Lost) => void) | undefined;
}

type SeesRow = (rule: BoundRule, origin: Origin, captures: Captures, row: Row) => void;

export interface Lost {
  readonly source: Source;
  readonly rule: string;
  /** Where it failed: `sinks[0].kafka`; undefined for the rule itself. */
  readonly sink: string | undefined;
  readonly error: MkbError;
  readonly outcome: Outcome;
  readonly remains: Remains;
}

/** What notes messages of a source: itself, or with somebody who sees them. */
export function seenSource(source: Source, came: Witness['came']): Pick<Source, 'remember'> {
  if (came === undefined) return source;
  return {
    remember: (message, slot, settlement) => {
      source.remember(message, slot, settlement);
      came(source, message);
    },
  };
}

/** Puts a witness in front of the sinks of a rule, or takes the one away that is there. */
export function seeSinks(rule: BoundRule, { made, sent }: Witness): void {
  for (const [index, sink] of rule.sinks.entries()) {
    const writer = sink.writer instanceof SeenWriter ? sink.writer.writer : sink.writer;
    // A row is one, however many sinks it goes to.
    const seesRow = index === 0 ? made?.(rule.name) : undefined;
    sink.writer = seesRow === undefined && sent === undefined ? writer : new SeenWriter(sink, writer, seesRow, sent);
    if (sent === undefined) writer.show(undefined);
  }
}

class SeenWriter implements Writer {
  readonly passesPayload: boolean;
  readonly writer: Writer;
  readonly #rule: BoundRule;
  readonly #seesRow: SeesRow | undefined;
  #origin: Origin | undefined;

  constructor(sink: BoundSink, writer: Writer, seesRow: SeesRow | undefined, sent: Witness['sent']) {
    this.passesPayload = writer.passesPayload;
    this.writer = writer;
    this.#rule = sink.rule;
    this.#seesRow = seesRow;
    if (sent) writer.show(made => sent(sink, this.#origin!, made));
  }

  get constantTopic(): string | undefined {
    return this.writer.constantTopic;
  }

  get keysMissing(): number {
    return this.writer.keysMissing;
  }

  write(origin: Origin, captures: Captures, row: Row, token: number): void {
    this.#seesRow?.(this.#rule, origin, captures, row);
    this.#origin = origin;
    this.writer.write(origin, captures, row, token);
    this.#origin = undefined;
  }

  show(): void {
    // It is the one that shows.
  }
}
