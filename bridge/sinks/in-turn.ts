/**
 * The messages of an MQTT sink with `queryMode: sync`: first in, first out, and the next is sent when the broker has the one before it, or it is
 * known that it never will.
 */
export class InTurn<Message> {
  #waiting: { readonly message: Message; readonly send: () => void }[] = [];
  /** How many of `#waiting` have had their turn: taking one out must not cost as much as there are. */
  #gone = 0;
  #current: Message | undefined;

  /** @param send called in its turn, perhaps at once */
  add(message: Message, send: () => void): void {
    this.#waiting.push({ message, send });
    if (this.#current === undefined) this.#next();
  }

  /** If it was the message's turn, the next has it. */
  over(message: Message): void {
    if (message === this.#current) this.#next();
  }

  /** A message that waits for its turn. */
  find(which: (message: Message) => boolean): Message | undefined {
    return this.#waiting.slice(this.#gone).find(({ message }) => which(message))?.message;
  }

  /** Takes out those that wait and that `which` names. */
  forget(which: (message: Message) => boolean): readonly Message[] {
    const waiting = this.#waiting.slice(this.#gone);
    this.#waiting = waiting.filter(({ message }) => !which(message));
    this.#gone = 0;
    return waiting.map(({ message }) => message).filter(which);
  }

  #next(): void {
    const next = this.#waiting[this.#gone++];
    this.#current = next?.message;
    if (next === undefined || this.#gone > 1000) {
      this.#waiting = this.#waiting.slice(this.#gone);
      this.#gone = 0;
    }
    next?.send();
  }
}
