/**
 * What QoS 2 asks a receiver to remember (MQTT 5, 4.3.3): the packet identifiers of messages that it has taken, until the server has let go.
 *
 * An identifier is first `pending` (handed over, PUBREC not sent), then `received` (PUBREC sent), and forgotten with PUBREL. This
 * outlives connections, as the server's session does. A new process starts without it, and then QoS 2 is QoS 1, unless it is kept elsewhere
 * (`keeps`). Then an identifier must be forgotten there before the server may use it again: PUBCOMP waits for that.
 */

import type { MqttVersion } from './options.ts';

/** PUBREC sent on this connection. */
const received = -1;
/** PUBREC sent on an earlier connection: the server's Receive Maximum does not count it any more. */
const receivedEarlier = -2;

const success = 0x00;
const notFound = 0x92;

export class Receipts {
  /** Packet identifier to the arrival number that it was handed over with, or to one of the marks above. */
  readonly #held = new Map<number, number>();
  readonly #keeps: boolean;
  #pubcomps: number[] = [];
  /** Of `#pubcomps`, how many may be sent, and how many may be when the identifiers are kept that `seal` returned. */
  #free = 0;
  #sealed = 0;

  /** @param keeps whether identifiers are kept elsewhere too: see `seal` */
  constructor(keeps = false) {
    this.#keeps = keeps;
  }

  /** The arrival that `packetId` was handed over with, as long as its PUBREC is not sent. */
  pending(packetId: number): number | undefined {
    const held = this.#held.get(packetId);
    return held === undefined || held < 0 ? undefined : held;
  }

  /** Whether the PUBREC of `packetId` was sent, and its PUBREL has not come. */
  isReceived(packetId: number): boolean {
    return (this.#held.get(packetId) ?? 0) < 0;
  }

  /** A message was handed over. */
  arrive(packetId: number, arrival: number): void {
    this.#held.set(packetId, arrival);
  }

  /** A PUBREC is sent. */
  receive(packetId: number): void {
    this.#held.set(packetId, received);
  }

  /**
   * A PUBREL came: its PUBCOMP is due. Returns whether that completes an exchange whose PUBLISH came on this connection.
   * An identifier that is not held, or whose PUBREC is not sent, gets "packet identifier not found" and stays as it is.
   */
  complete(packetId: number): boolean {
    const held = this.#held.get(packetId) ?? 0;
    if (held < 0) this.#held.delete(packetId);
    this.#pubcomps.push(packetId, held < 0 ? success : notFound);
    return held === received;
  }

  /** The server uses `packetId` for another message. Returns whether that ends an exchange whose PUBLISH came on this connection. */
  drop(packetId: number): boolean {
    const held = this.#held.get(packetId);
    this.#held.delete(packetId);
    return held === received;
  }

  /** Answers to PUBRELs that wait for `kept`. */
  get due(): number {
    return this.#pubcomps.length / 2;
  }

  /** All identifiers that are held, in order. */
  seal(): readonly number[] {
    this.#sealed = this.#pubcomps.length;
    return [...Uint16Array.from(this.#held.keys()).sort()];
  }

  /** What `seal` returned last is kept: PUBRELs that came before it are answered by the next `release`. */
  kept(): void {
    this.#free = this.#sealed;
  }

  /** Takes up what was kept: of all these a PUBREC may have been sent. */
  restore(packetIds: Iterable<number>): void {
    this.#held.clear();
    for (const packetId of packetIds) this.#held.set(packetId, receivedEarlier);
  }

  /** The PUBCOMPs that may be sent, in one buffer and in the order of their PUBRELs [MQTT-4.6.0-4]; undefined when there are none. */
  release(version: MqttVersion): Buffer | undefined {
    const due = this.#pubcomps.splice(0, this.#keeps ? this.#free : this.#pubcomps.length);
    if (due.length === 0) return undefined;
    this.#sealed -= due.length;
    this.#free = 0;
    const bytes: number[] = [];
    for (let index = 0; index < due.length; index += 2) {
      const packetId = due[index] as number;
      // MQTT 3.1.1 has no reason codes, and a client that does not know the identifier answers all the same.
      const says = version === '5' && due[index + 1] === notFound;
      bytes.push(0x70, says ? 3 : 2, packetId >> 8, packetId & 0xff);
      if (says) bytes.push(notFound);
    }
    return Buffer.from(bytes);
  }

  /** The connection is lost. The session, and so what is held, may live on. */
  disconnect(): void {
    this.#pubcomps = [];
    this.#free = 0;
    this.#sealed = 0;
    for (const [packetId, held] of this.#held) if (held === received) this.#held.set(packetId, receivedEarlier);
  }

  /** The server has no session: it will not deliver anything again, and identifiers mean nothing any more. */
  forget(): void {
    this.#held.clear();
  }
}
