import { type Outcome, outcomeNumber, outcomes } from '../outcome.ts';

/** The account of records that were read: read = delivered + dead-lettered + dropped + returned + in flight, at every moment. */
export class RecordAccount {
  read = 0;
  /** Given back to the group while in flight: whoever has the partition then reads them again. */
  returned = 0;
  /** Messages that the MQTT server took although nobody subscribes to their topic (MQTT 5). They count as delivered. */
  unheard = 0;
  readonly #settled = new Float64Array(outcomes.length);

  /** @param outcome its number */
  settle(outcome: number): void {
    this.#settled[outcome]!++;
  }

  count(outcome: Outcome): number {
    return this.#settled[outcomeNumber[outcome]]!;
  }

  get inFlight(): number {
    let settled = this.returned;
    for (const count of this.#settled) settled += count;
    return this.read - settled;
  }
}
