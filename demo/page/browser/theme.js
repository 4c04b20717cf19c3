/** The colours of style.css for what is drawn on canvases, and whether motion is wanted. */
const names = ['ink', 'muted', 'land', 'grid', 'casing', 'road', 'motorway', 'halo', 'card', 'beam', 'beam-end'];
const vehicleColours = 10;
const listeners = new Set();

const read = () => {
  const style = getComputedStyle(document.documentElement);
  const of = name => style.getPropertyValue(`--${name}`).trim();
  return {
    ...Object.fromEntries(names.map(name => [name, of(name)])),
    vehicles: Array.from({ length: vehicleColours }, (_, index) => of(`v${index}`)),
    font: of('sans'),
  };
};

let current = read();

/** The colours as they are now. */
export const theme = () => current;

/** Calls back when the scheme has changed. */
export const onTheme = listener => listeners.add(listener);

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  current = read();
  for (const listener of listeners) listener();
});

const still = matchMedia('(prefers-reduced-motion: reduce)');

/** Whether the person asked for less motion. */
export const isStill = () => still.matches;

/** The CSS name of a vehicle's colour. */
export const colourName = index => `var(--v${index % vehicleColours})`;
