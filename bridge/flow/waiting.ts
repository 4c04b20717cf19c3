/**
 * One message that cannot go on now: its rule waits for an answer, there is no room for its next row, or it has had its turn.
 *
 * The source hands nothing over meanwhile, and order is kept; where a schema is waited for, the rule alone has a line (line.ts). Keep-alive,
 * /healthz and acknowledgements go on.
 */
import { type ErrorDetails, MkbError } from '../../api/errors.ts';
import { Pending } from '../../rules/pending.ts';

/** Which schema a rule cannot go on without. */
export type MissingSchema = ErrorDetails<'schema-pending'>;
/** Gets a schema that a rule misses. Settles when the rule may be tried again, with false when it need not be: nobody runs any more. */
export type ObtainSchema = (missing: MissingSchema) => Promise<boolean>;

/** What is waited for: room for rows, another turn, or an answer, which says whether to go on. */
export type Wait = 'room' | 'turn' | (() => Promise<boolean>);

/** What a rule waits for, if that is why it threw. */
export function waitOf(error: unknown, obtainSchema: ObtainSchema | undefined): Wait | undefined {
  if (error instanceof Pending) return () => error.answered().then(() => true);
  if (!MkbError.is(error, 'schema-pending')) return undefined;
  return async () => (await obtainSchema?.(error.details)) ?? false;
}

/** Whether a rule that threw may have to wait for as long as an outage takes, so that nothing but the rule may. */
export const isLong = (error: unknown): boolean => MkbError.is(error, 'schema-pending');

export class Waiting {
  #goOn: (() => void) | undefined;
  #forRoom = false;

  /** Whether something waits. */
  get active(): boolean {
    return this.#goOn !== undefined;
  }

  /** Whether room for rows is what it waits for. */
  get forRoom(): boolean {
    return this.#forRoom;
  }

  /** @param goOn called when it is over, and not during this call */
  begin(wait: Wait, goOn: () => void): void {
    this.#goOn = goOn;
    this.#forRoom = wait === 'room';
    if (wait === 'turn') setImmediate(() => this.#end());
    else if (wait !== 'room') void wait().then(over => over && this.#end());
  }

  /** There is room for rows. */
  room(): void {
    if (this.#forRoom) this.#end();
  }

  #end(): void {
    const goOn = this.#goOn;
    this.#goOn = undefined;
    this.#forRoom = false;
    goOn?.();
  }
}
