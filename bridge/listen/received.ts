/**
 * What came from one client: acknowledged in the order it came, and each message of QoS 2 taken once. It lives on with the session of the client,
 * and then its arrivals have one number, over all connections.
 */
import { AcknowledgementWindow } from '../mqtt/acknowledgements.ts';
import { Receipts } from '../mqtt/receipts.ts';
import { violation } from '../mqtt/violation.ts';

/** Arrivals that there is room for at first. */
const firstPlaces = 8;

export class Received {
  /** Of all clients of this process. */
  readonly number: number;
  readonly receipts = new Receipts();
  readonly window: AcknowledgementWindow;

  constructor(number: number, receiveMaximum: number) {
    this.number = number;
    // One more than may be, so that a client that sends more is noticed.
    const capacity = 2 ** Math.ceil(Math.log2(receiveMaximum + 1));
    const places = Math.min(capacity, firstPlaces);
    this.window = new AcknowledgementWindow(capacity, packetId => this.receipts.receive(packetId), places);
  }

  /** The connection is lost. */
  disconnect(): void {
    this.window.disconnect();
    this.receipts.disconnect();
  }

  /**
   * Whether a message of QoS 2 was taken before. Then its acknowledgement is due again: at once, or in its turn when the message is safe.
   * Throws `mqtt-protocol-error` for an identifier that stands for another message.
   */
  isRepeated(packetId: number, dup: boolean): boolean {
    if (this.receipts.isReceived(packetId)) {
      if (dup) this.window.follow(packetId);
      else if (this.receipts.drop(packetId)) this.window.complete();
      return dup;
    }
    const first = this.receipts.pending(packetId);
    if (first === undefined) return false;
    if (this.window.owes(first)) return true;
    if (!dup) throw violation(0x82, `it uses the packet identifier ${packetId} again, which is not free`);
    this.window.follow(packetId, first);
    return true;
  }
}
