/**
 * The messages that wait for one rule: it cannot go on before a registry has given a schema, and an outage of a registry may be long.
 *
 * They wait in order, and only for this rule: what other rules make of the same message and of later ones goes on. A message that comes while
 * others wait joins them, so the rule overtakes nothing. When the wait is over they go on for some milliseconds at a time, as rows of one
 * message do (many-rows.ts).
 */
import { type Wait, Waiting } from './waiting.ts';

/** A message, on its way through a rule. */
export interface InLine {
  /** Goes on. Returns what to wait for before this is called again; undefined when the rule is through with the message. */
  goOn(): Wait | undefined;
  /** Called after some have gone on. */
  wentOn(): void;
  /** Whether nobody wants it any more. */
  readonly isGone: boolean;
  readonly slot: number;
}

/** How long messages go on before others have their turn. */
const turnMs = 10;

export class Line {
  #messages: InLine[] = [];
  /** Of `#messages`, how many are through. */
  #through = 0;
  readonly #waiting = new Waiting();

  get empty(): boolean {
    return this.#through === this.#messages.length;
  }

  /** @param wait what the first of the line waits for; not looked at for others */
  join(message: InLine, wait: Wait): void {
    this.#messages.push(message);
    if (this.#messages.length - this.#through === 1) this.#wait(wait);
  }

  /** There may be room in sinks. */
  room(): void {
    this.#waiting.room();
  }

  /** Lets those go on that are gone, so that they hold nothing. The first may be in the middle of the rule, and stays. */
  sweep(): void {
    const [first, ...others] = this.#messages.slice(this.#through);
    if (first === undefined) return;
    this.#through = 0;
    this.#messages = [first, ...others.filter(each => !each.isGone)];
    for (const each of others) if (each.isGone) each.goOn();
  }

  has(slot: number): boolean {
    return this.#messages.some((each, index) => index >= this.#through && each.slot === slot);
  }

  #wait(wait: Wait): void {
    this.#waiting.begin(wait, () => this.#goOn());
  }

  #goOn(): void {
    const end = performance.now() + turnMs;
    const touched = new Set<InLine['wentOn']>();
    let wait: Wait | undefined;
    while (wait === undefined && !this.empty) {
      const first = this.#messages[this.#through]!;
      wait = performance.now() > end ? 'turn' : first.goOn();
      touched.add(first.wentOn);
      if (wait === undefined) this.#through++;
    }
    // Those that are through hold their bytes for as long as they are here, and a line that others join may never be empty.
    if (this.#through * 2 >= this.#messages.length) {
      this.#messages = this.#messages.slice(this.#through);
      this.#through = 0;
    }
    if (wait !== undefined) this.#wait(wait);
    for (const wentOn of touched) wentOn();
  }
}
