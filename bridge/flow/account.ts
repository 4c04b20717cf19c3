import { DeliveryHistogram } from './delivery-histogram.ts';
import { type Outcome, outcomeNumber, outcomes } from './outcome.ts';

/** The account of a source: received = delivered + dead-lettered + dropped + returned + in flight, at every moment. */
export class Account {
  /** Messages that came, all of them. */
  received = 0;
  /** Given back while in flight: another member of the group reads them again. */
  returned = 0;
  /** Messages made of these that an MQTT server took although nobody subscribes to their topic (MQTT 5). They count as delivered. */
  unheard = 0;
  /** Messages by what became of them, indexed by outcome number. */
  readonly settled = new Float64Array(outcomes.length);
  /** Gets the time from receipt to settlement of each message delivered. */
  readonly histogram = new DeliveryHistogram();

  /** Messages that have no outcome yet. */
  get inFlight(): number {
    let settled = this.returned;
    for (const count of this.settled) settled += count;
    return this.received - settled;
  }

  count(outcome: Outcome): number {
    return this.settled[outcomeNumber[outcome]]!;
  }
}
