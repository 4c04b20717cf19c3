/**
 * What was asked of the server on a connection and is not answered yet: PINGREQ and UNSUBSCRIBE. Answers of one type come in the order of
 * their questions, so that of an earlier PINGREQ, sent by keep-alive, is not taken for that of a later one.
 */
export class Questions {
  #open: { readonly answer: number; readonly tell: (answered: boolean) => void }[] = [];

  /**
   * A question was sent.
   * @param answer the type of the packet that answers it
   * @returns fulfilled with whether it was answered before the connection ended
   */
  asked(answer: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#open.push({ answer, tell: resolve });
    return promise;
  }

  /** Whether somebody waits for a packet of this type. */
  awaits(answer: number): boolean {
    return this.#open.some(question => question.answer === answer);
  }

  /** A packet came that answers the oldest question of its kind, if there is one. */
  answered(answer: number): void {
    const index = this.#open.findIndex(question => question.answer === answer);
    const [question] = index < 0 ? [] : this.#open.splice(index, 1);
    question?.tell(true);
  }

  /** The connection has ended: nothing is answered any more. */
  end(): void {
    for (const { tell } of this.#open.splice(0)) tell(false);
  }
}
