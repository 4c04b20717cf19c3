/**
 * When a partition's end was where: what turns a lag in messages into one in seconds.
 *
 * The first record that a group has not read is at its committed offset, and it came when the end of the partition passed that offset. So
 * the lag in seconds is the age of that moment, found between two rounds by assuming a steady rate. No record is read for it: that
 * would need the right to read every topic, and the producers' clocks, which on devices are often wrong.
 *
 * A few dozen points must last for hours. When they are full, the point goes that is missed least: the one whose neighbours are closest
 * together for their age. So what is recent is kept finely and what is old coarsely: a month at a round every ten seconds is known to
 * within a sixth of its age. For an offset from before the first point nothing is known but that it is older, and the answer is the age
 * of that point: never too much, and it grows as it should.
 */
interface Point {
  readonly at: number;
  readonly endOffset: number;
}

const capacity = 48;

export class OffsetHistory {
  #points: Point[] = [];

  /**
   * Notes where the partition ends now.
   *
   * @param at the time, milliseconds of a clock that only goes forward
   * @param startOffset the first record that is still kept: what was before cannot be read, and is forgotten
   */
  note(at: number, endOffset: number, startOffset: number): void {
    // The topic was deleted and made again.
    if (endOffset < (this.#points.at(-1)?.endOffset ?? 0)) this.#points = [];
    const [last, beforeLast] = [this.#points.at(-1), this.#points.at(-2)];
    // While nothing comes, the last point moves along: it says until when the end was there.
    if (last && beforeLast && last.endOffset === endOffset && beforeLast.endOffset === endOffset) this.#points.pop();
    this.#points.push({ at, endOffset });
    while (this.#points.length > 2 && this.#points[1]!.endOffset <= startOffset) this.#points.shift();
    if (this.#points.length > capacity) this.#thin(at);
  }

  /** How long the record at `offset`, which exists, has been there at `now`, milliseconds; at least that long if it is older than this history. */
  ageMs(offset: number, now: number): number {
    const points = this.#points;
    const next = points.findIndex(({ endOffset }) => endOffset > offset);
    // The end has just moved past it, and was not noted yet.
    if (next === -1) return 0;
    if (next === 0) return now - points[0]!.at;
    const [before, after] = [points[next - 1]!, points[next]!];
    const share = (offset - before.endOffset) / (after.endOffset - before.endOffset);
    return now - (before.at + share * (after.at - before.at));
  }

  #thin(now: number): void {
    const points = this.#points;
    let [least, cost] = [1, Number.POSITIVE_INFINITY];
    for (let index = 1; index < points.length - 1; index++) {
      const gap = points[index + 1]!.at - points[index - 1]!.at;
      const own = gap / (now - points[index]!.at + gap);
      if (own < cost) [least, cost] = [index, own];
    }
    points.splice(least, 1);
  }
}
