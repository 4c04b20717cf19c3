/**
 * Messages on their way to the server, in the order in which they were published: those that wait, and those that are under way.
 *
 * What comes back to wait (a lost connection, a refusal that passes) takes its old place again, before everything that was published after
 * it.
 */
import type { Publication } from './publication.ts';

export interface Letter<Token> {
  readonly publication: Publication;
  readonly token: Token;
  /** Its place in the order of all. */
  readonly number: number;
  /** Of the last time it was sent; 0 before, and for QoS 0. */
  packetId: number;
  /** How often it was sent. */
  times: number;
  /** Messages of one lane keep their order. */
  readonly lane: unknown;
  /** How often the server refused it for now. */
  refusals: number;
  /** Of these, how often without a reason. */
  unclear: number;
  /** Under way, and one before it in its lane was refused: it is sent again after that one, though the server may have it. */
  overtook: boolean;
  /** Nobody wants to know what becomes of it. */
  forgotten: boolean;
}

const lastPacketId = 65_535;

export class Outbox<Token> {
  #waiting: Letter<Token>[] = [];
  /** QoS 1, under way, by packet identifier. */
  readonly #posted = new Map<number, Letter<Token>>();
  /** QoS 0, written, and not known to be read. */
  #unproved: Letter<Token>[] = [];
  readonly #dropped: (token: Token) => void;
  #numbers = 0;
  #packetId = 0;

  /** @param dropped called for each message that is forgotten, when it is under way no more */
  constructor(dropped: (token: Token) => void = () => {}) {
    this.#dropped = dropped;
  }

  get size(): number {
    return this.#waiting.length + this.#posted.size + this.#unproved.length;
  }

  get unproved(): number {
    return this.#unproved.length;
  }

  add(publication: Publication, token: Token, lane: unknown): void {
    const number = this.#numbers++;
    const counts = { packetId: 0, times: 0, refusals: 0, unclear: 0 };
    this.#waiting.push({ publication, token, number, lane, ...counts, overtook: false, forgotten: false });
  }

  /**
   * Takes out the first letter that `admits` lets go; undefined if there is none, or as many as `window` are under way. Call `post` with it
   * unless it failed.
   */
  next(window: number, admits?: (letter: Letter<Token>) => boolean): Letter<Token> | undefined {
    if (this.#posted.size + this.#unproved.length >= window) return undefined;
    if (admits === undefined) return this.#waiting.shift();
    const index = this.#waiting.findIndex(admits);
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0];
  }

  /** Marks what is under way of QoS 1 after `letter` in its lane: it overtook. */
  overtaken({ lane, number }: Letter<Token>): void {
    for (const letter of this.#posted.values()) letter.overtook ||= letter.lane === lane && letter.number > number;
  }

  /** It is under way now. Returns its packet identifier, 0 for QoS 0. */
  post(letter: Letter<Token>): number {
    if (letter.publication.qos === 0) this.#unproved.push(letter);
    else {
      letter.overtook = false;
      letter.packetId = this.#freePacketId();
      this.#posted.set(letter.packetId, letter);
    }
    return letter.packetId;
  }

  /** It is under way no more, and does not wait. */
  remove(letter: Letter<Token>): void {
    if (this.#posted.get(letter.packetId) === letter) this.#posted.delete(letter.packetId);
    this.#unproved = this.#unproved.filter(each => each !== letter);
    this.#waiting = this.#waiting.filter(each => each !== letter);
  }

  /** Takes out the letter that was under way with this identifier, if there is one that somebody wants to know of. */
  acknowledged(packetId: number): Letter<Token> | undefined {
    const letter = this.#posted.get(packetId);
    this.#posted.delete(packetId);
    return letter && this.#wanted([letter])[0];
  }

  /** Takes out the oldest `count` of QoS 0: the server has read them. Gives those that somebody wants to know of. */
  proved(count: number): Letter<Token>[] {
    return this.#wanted(this.#unproved.splice(0, count));
  }

  /** They wait again, each in its old place. */
  putBack(letters: readonly Letter<Token>[]): void {
    const wanted = this.#wanted(letters);
    if (wanted.length === 0) return;
    this.#waiting = [...wanted, ...this.#waiting].sort((left, right) => left.number - right.number);
  }

  /** Everything that was under way waits again. Returns the oldest of it. */
  disconnected(): Letter<Token> | undefined {
    const underWay = [...this.#posted.values(), ...this.#unproved].sort((left, right) => left.number - right.number);
    this.#posted.clear();
    this.#unproved = [];
    this.putBack(underWay);
    return underWay.find(({ forgotten }) => !forgotten);
  }

  /** A letter, under way or not, that `which` names. */
  find(which: (token: Token) => boolean): Letter<Token> | undefined {
    const all = [...this.#posted.values(), ...this.#unproved, ...this.#waiting];
    return all.find(({ token }) => which(token));
  }

  forget(which: (token: Token) => boolean): void {
    for (const letter of [...this.#posted.values(), ...this.#unproved, ...this.#waiting])
      letter.forgotten ||= which(letter.token);
    this.#waiting = this.#wanted(this.#waiting);
  }

  #wanted(letters: readonly Letter<Token>[]): Letter<Token>[] {
    return letters.filter(({ forgotten, token }) => {
      if (forgotten) this.#dropped(token);
      return !forgotten;
    });
  }

  #freePacketId(): number {
    do this.#packetId = (this.#packetId % lastPacketId) + 1;
    while (this.#posted.has(this.#packetId));
    return this.#packetId;
  }
}
