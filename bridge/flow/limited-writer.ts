import type { Captures, Origin, Row } from '../../rules/rule.ts';
import type { RateLimit } from './rate-limit.ts';
import type { Writer } from './sink.ts';

/** A writer whose rows count against a limit. Only sinks that have one are wrapped, so that the others cost nothing. */
export class LimitedWriter implements Writer {
  readonly passesPayload: boolean;
  readonly #writer: Writer;
  readonly #limit: RateLimit;

  constructor(writer: Writer, limit: RateLimit) {
    this.passesPayload = writer.passesPayload;
    this.#writer = writer;
    this.#limit = limit;
  }

  get constantTopic(): string | undefined {
    return this.#writer.constantTopic;
  }

  get keysMissing(): number {
    return this.#writer.keysMissing;
  }

  write(origin: Origin, captures: Captures, row: Row, token: number): void {
    this.#writer.write(origin, captures, row, token);
    this.#limit.passed();
  }

  show(seen: Parameters<Writer['show']>[0]): void {
    this.#writer.show(seen);
  }
}
