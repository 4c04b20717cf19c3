/**
 * Acknowledgements leave in the order their messages came [MQTT-4.6.0-2] [MQTT-4.6.0-3], although their sinks may settle in any order.
 *
 * The window is a ring over arrival numbers, which never start again. `settle` marks an arrival; `release` hands out the PUBACKs and
 * PUBRECs of the longest settled prefix. Messages of QoS 0 take part, because they are work like the others; they yield no packet.
 *
 * A packet identifier belongs to the connection that delivered it. When that is lost, what was not released loses its identifier:
 * it is settled later like all others, which frees its place, and acknowledges nothing. The server delivers it again, as a new arrival.
 * The surprising case is QoS 2: the new delivery is the same message, which must not be handed over twice, and must not be
 * acknowledged before the first one is safe. It takes its place in the order as a follower: settled when the first one is.
 */
const settled = 4;
const qosBits = 3;
const reasonShift = 3;
/** What an acknowledgement may say (MQTT 5, 3.4.2.1). Those of 0x80 and above refuse: no PUBREL follows such a PUBREC. */
const reasonCodes = [0x00, 0x10, 0x87] as const;

export type Reason = 'none' | 'noSubscribers' | 'notAuthorised';

const reasonNumber: Readonly<Record<Reason, number>> = { none: 0, noSubscribers: 1, notAuthorised: 2 };

export class AcknowledgementWindow {
  /** The most arrivals that may be unreleased at once: a power of two. */
  readonly capacity: number;
  #mask: number;
  #packetIds: Uint16Array;
  /** QoS in the lower two bits, whether it is settled, and the reason that its acknowledgement gives. */
  #states: Uint8Array;
  /** First deliveries to their followers. Nearly always empty. */
  readonly #followers = new Map<number, number>();
  readonly #released: (packetId: number) => void;
  #head = 0;
  #next = 0;
  #unsettled = 0;
  #unacknowledged = 0;

  /**
   * @param pubrec called with each packet identifier whose PUBREC is released, unless it refuses
   * @param places how many arrivals there is memory for at first, a power of two: it grows up to the capacity
   */
  constructor(capacity: number, pubrec: (packetId: number) => void = () => {}, places = capacity) {
    if (capacity < 1 || capacity > 2 ** 24 || !Number.isInteger(Math.log2(capacity))) {
      throw new RangeError(`The window's capacity must be a power of two from 1 to 2^24, not ${capacity}.`);
    }
    this.capacity = capacity;
    this.#mask = places - 1;
    this.#packetIds = new Uint16Array(places);
    this.#states = new Uint8Array(places);
    this.#released = pubrec;
  }

  /** Whether there is no place for another arrival until `release` frees some. */
  get full(): boolean {
    return this.#next - this.#head === this.capacity;
  }

  /** The first arrival that is not released. */
  get head(): number {
    return this.#head;
  }

  /** The number that the next arrival gets. */
  get next(): number {
    return this.#next;
  }

  /** Arrivals that were handed over and are not settled. */
  get unsettled(): number {
    return this.#unsettled;
  }

  /** Acknowledgements that could be sent, were it not for an earlier arrival that is not settled. */
  get heldBack(): number {
    let count = 0;
    for (let arrival = this.#head; arrival < this.#next; arrival++) {
      const slot = arrival & this.#mask;
      if (((this.#states[slot] as number) & settled) !== 0 && this.#packetIds[slot] !== 0) count++;
    }
    return count;
  }

  /** QoS 1 and 2 deliveries of this connection that the server still counts against our Receive Maximum (MQTT 5, 4.9). */
  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  /** Records a message that is handed over. Returns its number, which `settle` takes. Call it only while the window is not full. */
  arrive(packetId: number, qos: 0 | 1 | 2): number {
    this.#unsettled++;
    return this.#enter(packetId, qos);
  }

  /** Marks an arrival as safe. The order of calls does not matter; a second call for the same arrival does nothing. */
  settle(arrival: number): void {
    if (arrival < this.#head || arrival >= this.#next) return;
    const slot = arrival & this.#mask;
    const state = this.#states[slot] as number;
    if ((state & settled) !== 0) return;
    this.#states[slot] = state | settled;
    this.#unsettled--;
    if (this.#followers.size > 0) this.#settleFollower(arrival);
  }

  /** Whether `arrival` is settled. */
  isSettled(arrival: number): boolean {
    return arrival < this.#head || ((this.#states[arrival & this.#mask] as number) & settled) !== 0;
  }

  /** Whether the acknowledgement of `first`, or of its follower, is still to be sent on this connection. */
  owes(first: number): boolean {
    if (this.#followers.has(first)) return true;
    return first >= this.#head && this.#packetIds[first & this.#mask] !== 0;
  }

  /**
   * Records another delivery, by QoS 2, of a message that was handed over as `first`, so that it is acknowledged in its turn and when
   * the first is settled. Without `first` it may be acknowledged at once: its PUBREC was sent on an earlier connection.
   */
  follow(packetId: number, first?: number): void {
    const arrival = this.#enter(packetId, 2);
    if (first === undefined || this.isSettled(first)) this.#states[arrival & this.#mask] = 2 | settled;
    else this.#followers.set(first, arrival);
  }

  /** What the acknowledgement of an arrival, which is not released, says beside that the message came. */
  explain(arrival: number, reason: Reason): void {
    this.#states[arrival & this.#mask]! |= reasonNumber[reason] << reasonShift;
  }

  /**
   * The PUBACKs and PUBRECs that may be sent now, in one buffer, each handed out once; undefined when there are none.
   * @param withReasons MQTT 5 has room for what `explain` was called with
   */
  release(withReasons = false): Buffer | undefined {
    const from = this.#head;
    const packets = this.#advance();
    if (packets === 0) return undefined;
    const bytes = Buffer.allocUnsafe(packets * (withReasons ? 5 : 4));
    let at = 0;
    for (let arrival = from; arrival < this.#head; arrival++) {
      const slot = arrival & this.#mask;
      const packetId = this.#packetIds[slot] as number;
      if (packetId === 0) continue;
      const state = this.#states[slot] as number;
      const says = withReasons && state >> reasonShift > 0;
      bytes[at] = (state & qosBits) === 2 ? 0x50 : 0x40;
      bytes[at + 1] = says ? 3 : 2;
      bytes[at + 2] = packetId >> 8;
      bytes[at + 3] = packetId;
      at += 4;
      if (says) bytes[at++] = reasonCodes[state >> reasonShift] as number;
      this.#acknowledged(packetId, state);
    }
    return bytes.subarray(0, at);
  }

  /** A QoS 2 exchange that began on this connection is complete: its PUBCOMP is sent. */
  complete(): void {
    this.#unacknowledged--;
  }

  /** The connection is lost: nothing that is in the window now will be acknowledged. */
  disconnect(): void {
    for (let arrival = this.#head; arrival < this.#next; arrival++) this.#packetIds[arrival & this.#mask] = 0;
    for (const follower of this.#followers.values()) this.#states[follower & this.#mask] = 2 | settled;
    this.#followers.clear();
    this.#unacknowledged = 0;
    this.#advance();
  }

  /** After `disconnect`: nobody will settle what is in the window. */
  forsake(): void {
    for (let arrival = this.#head; arrival < this.#next; arrival++) this.settle(arrival);
    this.#advance();
  }

  #enter(packetId: number, qos: 0 | 1 | 2): number {
    if (this.#next - this.#head > this.#mask) this.#grow();
    const arrival = this.#next++;
    const slot = arrival & this.#mask;
    this.#packetIds[slot] = packetId;
    this.#states[slot] = qos;
    if (qos > 0) this.#unacknowledged++;
    return arrival;
  }

  #grow(): void {
    const mask = this.#mask * 2 + 1;
    const [packetIds, states] = [new Uint16Array(mask + 1), new Uint8Array(mask + 1)];
    for (let arrival = this.#head; arrival < this.#next; arrival++) {
      packetIds[arrival & mask] = this.#packetIds[arrival & this.#mask] as number;
      states[arrival & mask] = this.#states[arrival & this.#mask] as number;
    }
    this.#mask = mask;
    this.#packetIds = packetIds;
    this.#states = states;
  }

  #acknowledged(packetId: number, state: number): void {
    if ((state & qosBits) === 2 && (reasonCodes[state >> reasonShift] as number) < 0x80) this.#released(packetId);
    else this.#unacknowledged--;
  }

  /** Moves the head over the settled prefix. Returns how many packets that yields. */
  #advance(): number {
    let packets = 0;
    let head = this.#head;
    for (; head < this.#next; head++) {
      const slot = head & this.#mask;
      if (((this.#states[slot] as number) & settled) === 0) break;
      if (this.#packetIds[slot] !== 0) packets++;
    }
    this.#head = head;
    return packets;
  }

  #settleFollower(first: number): void {
    const follower = this.#followers.get(first);
    if (follower === undefined) return;
    this.#followers.delete(first);
    this.#states[follower & this.#mask] = 2 | settled;
  }
}
