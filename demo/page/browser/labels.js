/**
 * Places names beside dots so that they cover neither a dot nor one another.
 *
 * Each tries the places around its dot in turn, beginning with the one it had, so that names do not jump from frame to frame. One
 * that finds no room is left out; the list has it.
 */
const lineHeight = 15;

/** Places around a dot, `clear` pixels away from its middle; from the width of a name to its upper left corner. */
const placesAround = (x, y, clear, width) => [
  [x + clear, y - lineHeight / 2],
  [x - clear - width, y - lineHeight / 2],
  [x - width / 2, y - clear - lineHeight],
  [x - width / 2, y + clear],
  [x + clear * 0.75, y - clear * 0.75 - lineHeight],
  [x + clear * 0.75, y + clear * 0.75],
  [x - clear * 0.75 - width, y - clear * 0.75 - lineHeight],
  [x - clear * 0.75 - width, y + clear * 0.75],
];

/** By vehicle: the place it had. */
const before = new WeakMap();

/**
 * @param wanted {vehicle, x, y, text, first}; `first` is placed before the others, and one without a text is only kept clear
 * @returns {text, left, top}, top being the base line
 */
export const placeLabels = (context, wanted, { width, height, clear }) => {
  const radius = clear - 3;
  const taken = wanted.map(({ x, y }) => ({
    left: x - radius,
    top: y - radius,
    right: x + radius,
    bottom: y + radius,
  }));
  const labels = [];
  const named = wanted.filter(({ text }) => text !== '');
  for (const each of named.toSorted((a, b) => Number(b.first) - Number(a.first))) {
    const size = context.measureText(each.text).width;
    const own = taken[wanted.indexOf(each)];
    const boxes = placesAround(each.x, each.y, clear, size).map(corner => boxAt(corner, size));
    const free = box => inside(box, width, height) && !taken.some(other => other !== own && overlaps(other, box));
    const found = [before.get(each.vehicle) ?? 0, ...boxes.keys()].find(index => free(boxes[index]));
    if (found === undefined) continue;
    before.set(each.vehicle, found);
    taken.push(boxes[found]);
    labels.push({ text: each.text, left: boxes[found].left, top: boxes[found].bottom - 4 });
  }
  return labels;
};

const boxAt = ([left, top], width) => ({ left, top, right: left + width, bottom: top + lineHeight });

const inside = ({ left, top, right, bottom }, width, height) =>
  left > 2 && top > 2 && right < width - 2 && bottom < height - 2;

const overlaps = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
