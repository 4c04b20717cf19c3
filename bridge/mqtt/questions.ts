/**
 * PINGREQs of a connection that are not answered yet. Answers come in the order of their questions, so that of an earlier PINGREQ, sent by
 * keep-alive, is not taken for that of a later one.
 */
export class Questions {
  #open: ((answered: boolean) => void)[] = [];

  /** A PINGREQ was sent. Fulfilled with whether it was answered before the connection ended. */
  asked(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#open.push(resolve);
    return promise;
  }

  /** A PINGRESP came: it answers the oldest question, if there is one. */
  answered(): void {
    this.#open.shift()?.(true);
  }

  /** The connection has ended: nothing is answered any more. */
  end(): void {
    for (const tell of this.#open.splice(0)) tell(false);
  }
}
