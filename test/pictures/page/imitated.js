/** States over time and the map: Grafana has not published their components. */
import { FieldType, createElement as h } from '/grafana/grafana.js';
import { from, to } from './queries.js';

const font = { fontFamily: 'Inter', fontSize: 12 };

export function states({ panel, frames, width, height, theme, shown }) {
  const rows = frames.flatMap(({ fields: [time, ...others] }) =>
    others.filter(({ type }) => type === FieldType.number).map(field => ({ field, times: time.values })),
  );
  shown.states = rows.map(({ field }) => field.state.displayName);
  const longest = rows.reduce((most, { field }) => Math.max(most, field.state.displayName.length), 0);
  const left = Math.min(240, longest * 6.7) + 12;
  const rowHeight = (height - 44) / rows.length;
  const x = time => left + ((width - left - 8) * (time - from)) / (to - from);
  const named = new Map();
  const drawn = rows.map(({ field, times }, index) =>
    h(
      'g',
      { key: index },
      h('text', { x: left - 6, y: rowHeight * (index + 0.5) + 4, textAnchor: 'end' }, field.state.displayName),
      blocksOf(field, times).map(({ text, color, begin, end }) => {
        named.set(text, color);
        const box = { x: x(begin), width: Math.max(1, x(end) - x(begin)), height: rowHeight * 0.9 };
        return h('rect', { key: begin, ...box, y: rowHeight * (index + 0.05), fill: color, fillOpacity: 0.8 });
      }),
    ),
  );
  const words = panel.fieldConfig.defaults.mappings?.length > 0 ? [...named] : [];
  return h(
    'svg',
    { width, height, ...font, fill: theme.colors.text.primary },
    drawn,
    clock(left, width, height - 28, theme),
    words.map(([text, color], index) =>
      h(
        'g',
        { key: text, transform: `translate(${4 + index * 110},${height - 8})` },
        h('rect', { y: -5, width: 14, height: 4, fill: color }),
        h('text', { x: 18 }, text),
      ),
    ),
  );
}

/** A value holds until the next; where there is none, nothing is drawn. */
function blocksOf(field, times) {
  const blocks = [];
  let last;
  field.values.forEach((value, index) => {
    if (value === null) {
      last = undefined;
      return;
    }
    const { text, color } = field.display(value);
    const end = times[index + 1] ?? times[index];
    if (last?.text === text) last.end = end;
    else {
      last = { text, color, begin: times[index], end };
      blocks.push(last);
    }
  });
  return blocks;
}

const clock = (left, width, y, theme) =>
  [0.1, 0.3, 0.5, 0.7, 0.9].map(part => {
    const at = { key: part, x: left + (width - left) * part, y, textAnchor: 'middle' };
    return h(
      'text',
      { ...at, fill: theme.colors.text.secondary },
      new Date(from + (to - from) * part).toISOString().slice(11, 16),
    );
  });

export function map({ frames, width, height }) {
  const column = name => frames[0].fields.find(({ state }) => state.displayName === name);
  const [latitudes, longitudes] = [column('Latitude').values, column('Longitude').values];
  const [charge, heading, names] = [column('Charge'), column('Heading').values, column('Vehicle').values];
  const narrow = Math.cos((latitudes[0] * Math.PI) / 180);
  const xs = longitudes.map(each => each * narrow);
  const [west, south] = [Math.min(...xs), Math.min(...latitudes)];
  const spread = [Math.max(...xs) - west || 1, Math.max(...latitudes) - south || 1];
  const scale = Math.min((width - 80) / spread[0], (height - 80) / spread[1]);
  return h(
    'svg',
    { width, height, ...font, fill: '#222', style: { background: '#d8dde0' } },
    h('text', { x: 8, y: 16 }, 'in place of the map'),
    xs.map((x, index) =>
      h(
        'g',
        {
          key: names[index],
          transform: `translate(${40 + (x - west) * scale},${height - 40 - (latitudes[index] - south) * scale})`,
        },
        h('path', {
          d: 'M0,-9 L7,7 L-7,7 Z',
          transform: `rotate(${heading[index]})`,
          fill: charge.display(charge.values[index]).color,
        }),
        h('text', { y: 22, textAnchor: 'middle' }, names[index]),
      ),
    ),
  );
}
