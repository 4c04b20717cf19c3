/**
 * Keys are nearly always short ASCII. For so few bytes a loop takes half the time of Buffer's own functions, whose cost is that of the call; for
 * more they are faster.
 */
const mostBytes = 24;

/** Writes text from the beginning of `target`, which has room for it, as UTF-8. Returns how many bytes it has. */
export function writeShort(target: Buffer, text: string): number {
  if (text.length > mostBytes) return target.write(text);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7f) return target.write(text);
    target[at] = unit;
  }
  return text.length;
}

/** Copies `source[start, end)` to `target`, which has room for it, from `offset` on. Returns the offset behind it. */
export function copyShort(source: Buffer, start: number, end: number, target: Buffer, offset: number): number {
  if (end - start > mostBytes) return offset + source.copy(target, offset, start, end);
  let to = offset;
  for (let at = start; at < end; at++) target[to++] = source[at] as number;
  return to;
}
