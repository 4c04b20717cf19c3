/** How the page writes what a vehicle says of itself. */
const tenths = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export const km = value => tenths.format(value);

const directions = ['N', 'NE', 'E', 'SE', 'S', 'SW', 'W', 'NW'];

/** A heading in degrees as one of eight directions. */
export const direction = heading => directions[Math.round(heading / 45) % 8];
