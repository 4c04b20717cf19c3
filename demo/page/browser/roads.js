/** The streets, as lines that can be drawn at any scale. */

/** From /roads.json: each road as its limit in km/h, then x and y in turn, metres. */
export const loadRoads = async () => {
  const response = await fetch('/roads.json');
  return (await response.json()).map(([limit, ...line]) => ({ limit, line, box: boxOf(line) }));
};

const boxOf = line => {
  const box = { left: Infinity, right: -Infinity, bottom: Infinity, top: -Infinity };
  for (let i = 0; i < line.length; i += 2) {
    box.left = Math.min(box.left, line[i]);
    box.right = Math.max(box.right, line[i]);
    box.bottom = Math.min(box.bottom, line[i + 1]);
    box.top = Math.max(box.top, line[i + 1]);
  }
  return box;
};

/** The box around all of them. */
export const boundsOf = roads => boxOf(roads.flatMap(({ box }) => [box.left, box.bottom, box.right, box.top]));

/** Draws one line; `toScreen` turns metres into pixels. */
export const traceLine = (context, line, toScreen) => {
  context.beginPath();
  for (let i = 0; i < line.length; i += 2) context.lineTo(...toScreen(line[i], line[i + 1]));
  context.stroke();
};

/** How wide a road is, metres. */
export const roadWidth = limit => {
  if (limit > 100) return 24;
  if (limit > 50) return 15;
  return limit > 30 ? 11 : 8;
};
