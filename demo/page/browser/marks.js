/** What both maps do alike: names beside vehicles, scales, and finding the vehicle under a pointer. */
import { placeLabels } from './labels.js';
import { isStill, theme } from './theme.js';
import { placeAt, shortName } from './vehicles.js';

const nearPx = 26;
const pulseMs = 1100;

/** The colour of a vehicle, as the current scheme has it. */
export const colourOf = ({ index }) => theme().vehicles[index % theme().vehicles.length];

/** Every vehicle, and where it is on a map now: x and y in pixels. */
export const placed = (vehicles, now, toScreen) =>
  [...vehicles.all.values()].map(vehicle => {
    const place = placeAt(vehicle, now);
    const [x, y] = toScreen(place.x, place.y);
    return { vehicle, x, y, heading: place.heading };
  });

/** The key of the vehicle near a point, or undefined. */
export const keyNear = (marks, x, y) => {
  const far = mark => Math.hypot(mark.x - x, mark.y - y);
  const best = marks.reduce((a, b) => (a === undefined || far(b) < far(a) ? b : a), undefined);
  return best && far(best) < nearPx ? best.vehicle.view.key : undefined;
};

/** A ring that runs outwards when a record of the vehicle has arrived; radii in pixels. */
export const drawPulse = (context, { vehicle, x, y }, now, { from, to }) => {
  const share = (now - vehicle.pulsedAt) / pulseMs;
  if (share >= 1 || isStill()) return;
  context.globalAlpha = 0.7 * (1 - share) ** 1.5;
  context.strokeStyle = colourOf(vehicle);
  context.lineWidth = 1.8;
  context.beginPath();
  context.arc(x, y, from + (to - from) * (1 - (1 - share) ** 2), 0, 2 * Math.PI);
  context.stroke();
  context.globalAlpha = 1;
};

/**
 * Writes names beside vehicles, and over none of them.
 *
 * @param first the vehicle whose name is placed before the others
 * @param alone whether it is the only one that is named
 * @param clear how far from the middle of a vehicle a name begins, pixels
 */
export const drawLabels = (context, marks, { width, height, first, alone = false, clear }) => {
  context.font = `600 13px ${theme().font}`;
  context.lineJoin = 'round';
  const wanted = marks.map(mark => {
    const isFirst = mark.vehicle === first;
    return { ...mark, text: alone && !isFirst ? '' : shortName(mark.vehicle.view), first: isFirst };
  });
  for (const { text, left, top } of placeLabels(context, wanted, { width, height, clear })) {
    context.lineWidth = 4;
    context.strokeStyle = theme().halo;
    context.strokeText(text, left, top);
    context.fillStyle = theme().ink;
    context.fillText(text, left, top);
  }
};

/** A scale in the lower left corner. */
export const drawScale = (context, height, pixels, text) => {
  const [left, bottom] = [16, height - 16];
  context.strokeStyle = theme().muted;
  context.fillStyle = theme().muted;
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(left, bottom - 6);
  context.lineTo(left, bottom);
  context.lineTo(left + pixels, bottom);
  context.lineTo(left + pixels, bottom - 6);
  context.stroke();
  context.font = `12px ${theme().font}`;
  context.fillText(text, left + 6, bottom - 6);
};
