/**
 * Messages on their way to the server, in the order in which they were published: those that wait, and those that are under way.
 *
 * What comes back to wait (a lost connection, a refusal that passes) takes its old place again, before everything that was published after
 * it.
 *
 * QoS 2 goes on from one connection to the next, as long as the server keeps the session (MQTT 5, 4.3.3 and 4.4). Until its PUBREC comes a
 * message is sent again with the same packet identifier, by which the server knows it; from then on only PUBREL is, until PUBCOMP. The
 * surprising case is a message that nobody wants any more while the server may hold it: its identifier must not be used for another, which
 * the server would take for a repetition and throw away. So that exchange is brought to its end with a PUBREL all the same.
 */
import { Countdown, type Publication } from './publication.ts';

export interface Letter<Token> {
  readonly publication: Publication;
  readonly token: Token;
  /** Its place in the order of all. */
  readonly number: number;
  /** What it is sent with. */
  qos: 0 | 1 | 2;
  /** While it is under way; of QoS 2 also while it waits and the server's session may know it. Otherwise 0. */
  packetId: number;
  /** How often it was sent. */
  times: number;
  /** Messages of one lane keep their order. */
  readonly lane: unknown;
  /** Until it is of no use any more. */
  readonly countdown: Countdown | undefined;
  /** When it was published, milliseconds of a clock that nobody sets. */
  readonly since: number;
  /** How often the server refused it for now, and what it said last. */
  refusals: number;
  reason: string;
  /** Of these, how often without a reason. */
  unclear: number;
  /** When it first did not fit the limits of a server, by the stopwatch; undefined if it never did. */
  misfitSince: number | undefined;
  /** Under way, and one before it in its lane was refused: it is sent again after that one, though the server may have it. */
  overtook: boolean;
  /** Whether its PUBREC said that nobody subscribes. */
  unheard: boolean;
  /** Whether the server may have had its PUBREL on an earlier connection. */
  releasedBefore: boolean;
  /** Nobody wants to know what becomes of it. */
  forgotten: boolean;
}

const lastPacketId = 65_535;

export class Outbox<Token> {
  #waiting: Letter<Token>[] = [];
  /** QoS 1 and 2, under way, by packet identifier. */
  readonly #posted = new Map<number, Letter<Token>>();
  /** QoS 0, written, and not known to be read. */
  #unproved: Letter<Token>[] = [];
  /** QoS 2 after PUBREC, in the order of these, until PUBCOMP; undefined where only the identifier is to be freed. */
  readonly #releasing = new Map<number, Letter<Token> | undefined>();
  /** PUBRELs that are to be sent. */
  #due: number[] = [];
  /** Identifiers of messages of QoS 2 that wait. */
  readonly #reserved = new Set<number>();
  readonly #dropped: (token: Token) => void;
  #numbers = 0;
  #packetId = 0;

  /** @param dropped called for each message that is forgotten, when it is under way no more */
  constructor(dropped: (token: Token) => void = () => {}) {
    this.#dropped = dropped;
  }

  get size(): number {
    return this.#waiting.length + this.#posted.size + this.#unproved.length + this.#released.length;
  }

  get unproved(): number {
    return this.#unproved.length;
  }

  /** Whether a PUBREL or a PUBCOMP is due. */
  get releases(): boolean {
    return this.#releasing.size > 0;
  }

  /** The times are as those of a countdown. */
  add(publication: Publication, token: Token, lane: unknown, now: number, elapsed: number): Letter<Token> {
    const { expiry } = publication;
    const countdown = expiry && new Countdown(expiry, now, elapsed);
    const number = this.#numbers++;
    const counts = {
      since: elapsed,
      packetId: 0,
      times: 0,
      refusals: 0,
      reason: '',
      unclear: 0,
      misfitSince: undefined,
    };
    const marks = { overtook: false, unheard: false, releasedBefore: false, forgotten: false };
    const letter = { publication, token, number, lane, countdown, qos: publication.qos, ...counts, ...marks };
    this.#waiting.push(letter);
    return letter;
  }

  /**
   * Takes out the first letter that `admits` lets go; undefined if there is none, or as many as `window` are under way. Call `post` with it
   * unless it failed.
   */
  next(window: number, admits?: (letter: Letter<Token>) => boolean): Letter<Token> | undefined {
    if (this.#posted.size + this.#unproved.length + this.#releasing.size >= window) return undefined;
    if (admits === undefined) return this.#waiting.shift();
    const index = this.#waiting.findIndex(admits);
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0];
  }

  /** What is not under way, in the order in which it was published. */
  get waiting(): readonly Letter<Token>[] {
    return this.#waiting;
  }

  /**
   * Marks what is under way of QoS 1 after `letter` in its lane: it overtook. What is of QoS 2 did as well, but is never sent twice: there,
   * once goes before order.
   */
  overtaken({ lane, number }: Letter<Token>): void {
    for (const letter of this.#posted.values())
      letter.overtook ||= letter.qos === 1 && letter.lane === lane && letter.number > number;
  }

  /** It is under way now. Returns its packet identifier, 0 for QoS 0. */
  post(letter: Letter<Token>): number {
    if (letter.qos === 0) this.#unproved.push(letter);
    else {
      letter.overtook = false;
      if (!this.#reserved.delete(letter.packetId)) letter.packetId = this.#freePacketId();
      this.#posted.set(letter.packetId, letter);
    }
    return letter.packetId;
  }

  /** It has an outcome while it waits, or was to be posted. */
  remove(letter: Letter<Token>): void {
    const index = this.#waiting.indexOf(letter);
    if (index >= 0) this.#waiting.splice(index, 1);
    this.#abandon(letter);
  }

  /** What is under way with this identifier, and has no PUBREC. */
  posted(packetId: number): Letter<Token> | undefined {
    return this.#posted.get(packetId);
  }

  /** Takes out the letter that was under way with this identifier, if there is one that somebody wants to know of. */
  acknowledged(packetId: number): Letter<Token> | undefined {
    const letter = this.#posted.get(packetId);
    this.#posted.delete(packetId);
    if (letter === undefined) return undefined;
    letter.packetId = 0;
    return this.#wanted([letter])[0];
  }

  /** PUBREC: the message is the server's, and PUBREL is due. An identifier that is unknown gets one as well. */
  received(packetId: number, unheard: boolean): void {
    const letter = this.#posted.get(packetId);
    this.#posted.delete(packetId);
    if (letter !== undefined) {
      letter.unheard = unheard;
      letter.releasedBefore = false;
      this.#releasing.set(packetId, letter);
    }
    this.#due.push(packetId);
  }

  /** PUBCOMP: takes out the letter, if there is one that somebody wants to know of. */
  completed(packetId: number): Letter<Token> | undefined {
    const letter = this.#releasing.get(packetId);
    this.#releasing.delete(packetId);
    if (letter === undefined) return undefined;
    letter.packetId = 0;
    return this.#wanted([letter])[0];
  }

  /** The identifiers to send PUBREL for, once. */
  takeDue(): readonly number[] {
    const due = this.#due;
    if (due.length > 0) this.#due = [];
    return due;
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

  /** Everything that was under way waits again. Returns the oldest of it that has no PUBREC. */
  disconnected(): Letter<Token> | undefined {
    const underWay = [...this.#posted.values(), ...this.#unproved].sort((left, right) => left.number - right.number);
    for (const letter of underWay)
      if (letter.qos === 2) this.#reserved.add(letter.packetId);
      else letter.packetId = 0;
    this.#posted.clear();
    this.#unproved = [];
    this.putBack(underWay);
    return underWay.find(({ forgotten }) => !forgotten);
  }

  /** The server has our session: exchanges go on where they were. */
  resumed(): void {
    this.#due = [...this.#releasing.keys()];
    for (const letter of this.#released) letter.releasedBefore = true;
  }

  /** The server has no session of ours. Returns how many messages it may have had or not: they are sent again as new ones. */
  sessionLost(): number {
    const inDoubt = this.#released;
    const known = this.#waiting.filter(({ packetId }) => packetId > 0);
    for (const letter of [...inDoubt, ...known]) letter.packetId = 0;
    this.#releasing.clear();
    this.#reserved.clear();
    this.#due = [];
    this.putBack(inDoubt);
    return inDoubt.length + known.length;
  }

  /** A letter, under way or not, that `which` names. */
  find(which: (token: Token) => boolean): Letter<Token> | undefined {
    return this.#all.find(({ token }) => which(token));
  }

  forget(which: (token: Token) => boolean): void {
    for (const letter of this.#all) letter.forgotten ||= which(letter.token);
    const before = this.#waiting;
    this.#waiting = before.filter(({ forgotten }) => !forgotten);
    // Last, because who hears that one is dropped may add another.
    this.#wanted(before);
  }

  /** Those with PUBREC and without PUBCOMP. */
  get #released(): readonly Letter<Token>[] {
    return [...this.#releasing.values()].filter(letter => letter !== undefined);
  }

  get #all(): readonly Letter<Token>[] {
    return [...this.#posted.values(), ...this.#unproved, ...this.#released, ...this.#waiting];
  }

  #wanted(letters: readonly Letter<Token>[]): Letter<Token>[] {
    return letters.filter(letter => {
      if (!letter.forgotten) return true;
      this.#abandon(letter);
      this.#dropped(letter.token);
      return false;
    });
  }

  /** If the server may know its identifier, that is freed by a PUBREL. */
  #abandon({ packetId }: Letter<Token>): void {
    if (!this.#reserved.delete(packetId)) return;
    this.#releasing.set(packetId, undefined);
    this.#due.push(packetId);
  }

  #freePacketId(): number {
    do this.#packetId = (this.#packetId % lastPacketId) + 1;
    while (
      this.#posted.has(this.#packetId) ||
      this.#releasing.has(this.#packetId) ||
      this.#reserved.has(this.#packetId)
    );
    return this.#packetId;
  }
}

/** In words that follow "it waits for". @param load how many messages there are */
export function waitsFor(letter: Letter<unknown>, load: number, connected: boolean): string {
  const { refusals, times, misfitSince, packetId, publication } = letter;
  const { topic } = publication;
  if (!connected) return 'the publisher, which is not connected to MQTT';
  if (misfitSince !== undefined && packetId === 0) return `an MQTT server whose limits allow a message to ${topic}`;
  if (refusals > 0) return `the MQTT broker, which has put off a message to ${topic} ${refusals} times`;
  if (times > 0) return `the MQTT broker to acknowledge a message to ${topic}`;
  return `the MQTT broker to acknowledge others of the ${load} messages that are on their way to it`;
}
