/** Numbers and times as the page writes them. */
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});

export const count = value => whole.format(value);
export const rate = value => (value < 1000 ? tenths : whole).format(value);
export const km = value => tenths.format(value);

/** Milliseconds of latency: `4.2`, `140`. */
export const latency = value => (value < 10 ? tenths : whole).format(value);

/** The time of day of milliseconds since 1970: `21:03:07.120`. */
export const time = value => clock.format(value);

const directions = ['N', 'NE', 'E', 'SE', 'S', 'SW', 'W', 'NW'];

/** A heading in degrees as one of eight directions. */
export const direction = heading => directions[Math.round(heading / 45) % 8];
