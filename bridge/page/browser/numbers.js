/** Numbers and times as the page writes them. */
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});
const clockSeconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export const count = value => whole.format(value);
export const rate = value => (value < 1000 ? tenths : whole).format(value);

/** For the scale of a chart: `50`, `1.2K`. */
export const short = value => compact.format(value);

/** Milliseconds of latency: `4.2`, `140`. */
export const latency = value => (value < 10 ? tenths : whole).format(value);

/** Milliseconds with a unit that fits: `4.2 ms`, `12 s`. */
export const duration = ms => {
  if (ms === 0) return '0 ms';
  if (ms < 10_000) return `${latency(ms)} ms`;
  return ms < 600_000 ? `${whole.format(ms / 1000)} s` : `${whole.format(ms / 60_000)} min`;
};

/** The time of day of milliseconds since 1970: `21:03:07.120`. */
export const time = value => clock.format(value);

/** Without the milliseconds. */
export const timeOfDay = value => clockSeconds.format(value);

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export const bytes = value => {
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, value)) / 10));
  return `${(power === 0 ? whole : tenths).format(value / 1024 ** power)} ${units[power]}`;
};
