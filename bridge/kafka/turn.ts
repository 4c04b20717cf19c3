/**
 * What the lanes of a topic share that is written to in turn (`queryMode: sync`): one request at a time, whichever brokers lead its partitions.
 *
 * The request has what has come for all partitions of one leader, so waiting for its answer is what fills the next one, and no record lingers.
 */
export class Turn {
  /** Lanes whose batch is under way: those of one request. */
  underWay = 0;

  get taken(): boolean {
    return this.underWay > 0;
  }
}
