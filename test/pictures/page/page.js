/**
 * One dashboard, as Grafana would show it at this width: /?dashboard=PATH&from=MS&to=MS&scrape=SECONDS&theme=dark, with open=1 for folded
 * rows too. When everything is drawn, `window.drawn` has what each panel shows.
 */
import {
  Component,
  createRoot,
  createTheme,
  GlobalStyles,
  createElement as h,
  initPluginTranslations,
  PanelChrome,
  standardTransformers,
  standardTransformersRegistry,
  ThemeContext,
  useEffect,
  useState,
} from '/grafana/grafana.js';
import { fieldsOf } from './fields.js';
import { kinds } from './panels.js';
import { answerOf, from, to } from './queries.js';

const parameters = new URLSearchParams(location.search);
const theme = createTheme({ colors: { mode: parameters.get('theme') } });
const openRows = parameters.has('open');
window.__grafana_public_path__ = '/grafana/';

const margin = 16;
const gap = 8;
const line = 30;
const columnWidth = (innerWidth - 2 * margin + gap) / 24;

/** What each panel shows; how many are not drawn yet. */
const drawn = [];
let waiting = 0;
const done = () => {
  if (--waiting === 0) window.drawn = drawn;
};

class Shield extends Component {
  state = {};
  static getDerivedStateFromError(error) {
    return { error };
  }
  componentDidCatch(error) {
    this.props.shown.errors.push(String(error));
  }
  render() {
    return this.state.error ? h('div', { className: 'none' }, String(this.state.error)) : this.props.children();
  }
}

function Panel({ panel, values }) {
  const { x, y, w, h: lines } = panel.gridPos;
  const [width, height] = [w * columnWidth - gap, lines * (line + gap) - gap];
  const [shown] = useState(() => ({ title: panel.title, type: panel.type, errors: [] }));
  const [frames, setFrames] = useState();
  useEffect(() => {
    drawn.push(shown);
    load(panel, width, values)
      .then(setFrames, error => {
        shown.errors.push(String(error));
        setFrames([]);
      })
      .finally(done);
  }, []);
  const content = (innerWidth, innerHeight) => {
    if (frames === undefined) return null;
    const Kind = kinds[panel.type];
    if (panel.type !== 'text' && frames.every(({ length }) => length === 0)) return nothing(panel, shown);
    return h(Shield, { shown }, () => Kind({ panel, frames, width: innerWidth, height: innerHeight, theme, shown }));
  };
  const style = { left: x * columnWidth, top: y * (line + gap), width, height };
  return h(
    'div',
    { className: 'cell', style, 'data-title': panel.title },
    h(PanelChrome, { width, height, title: panel.title, description: panel.description, padding: 'md' }, content),
  );
}

function nothing(panel, shown) {
  shown.empty = true;
  const text = panel.fieldConfig.defaults.noValue ?? 'No data';
  return h('div', { className: 'none', style: { color: theme.colors.text.secondary } }, text);
}

async function load(panel, width, values) {
  const targets = panel.targets ?? [];
  const answers = await Promise.all(targets.map(target => answerOf(target, width, values, targets.length)));
  return fieldsOf(panel, answers.flat(), theme);
}

/** Panels and titles of rows from top to bottom; what an opened row holds pushes down what is below. */
function laidOut(panels) {
  let shift = 0;
  return panels.flatMap(panel => {
    const placed = each => ({ ...each, gridPos: { ...each.gridPos, y: each.gridPos.y + shift } });
    if (panel.type !== 'row' || !panel.panels?.length || !openRows) return [placed(panel)];
    const all = [{ ...placed(panel), open: true }, ...panel.panels.map(placed)];
    shift += Math.max(...panel.panels.map(({ gridPos }) => gridPos.y + gridPos.h)) - panel.gridPos.y - 1;
    return all;
  });
}

const rowTitle = ({ title, panels = [], gridPos, open }) => {
  const folded = panels.length > 0 && !open;
  const text = folded ? `› ${title} (${panels.length} panels)` : `⌄ ${title}`;
  return h('div', { key: title, className: 'row', style: { top: gridPos.y * (line + gap) } }, text);
};

function Dashboard({ dashboard, values }) {
  const { primary, secondary } = theme.colors.text;
  const panels = laidOut(dashboard.panels);
  const lines = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  const clock = time => new Date(time).toISOString().slice(11, 19);
  const grey = (text, more) => h('span', { style: { color: secondary, ...more } }, text);
  return h(
    ThemeContext.Provider,
    { value: theme },
    h(GlobalStyles),
    h(
      'div',
      { style: { background: theme.colors.background.canvas, color: primary, padding: margin } },
      h(
        'div',
        { className: 'bar' },
        h('b', null, dashboard.title),
        dashboard.templating.list.map(({ name, label }) =>
          h('span', { key: name, className: 'variable' }, `${label} ${values[name] === '.*' ? 'All' : 'Prometheus'}`),
        ),
        grey(`${clock(from)} to ${clock(to)}`, { marginLeft: 'auto' }),
      ),
      h(
        'div',
        { className: 'grid', style: { height: lines * (line + gap) } },
        panels.map(panel => (panel.type === 'row' ? rowTitle(panel) : h(Panel, { key: panel.id, panel, values }))),
      ),
    ),
  );
}

/** Some are exported under two names. */
const transformers = new Map(Object.values(standardTransformers).map(each => [each.id, each]));
standardTransformersRegistry.setInit(() =>
  [...transformers.values()].map(transformation => {
    const { id, aliasIds, name } = transformation;
    return { id, aliasIds, name, transformation, editor: () => null };
  }),
);
await initPluginTranslations('grafana-ui');
const dashboard = await (await fetch(`/dashboards/${parameters.get('dashboard')}`)).json();
const values = Object.fromEntries(
  dashboard.templating.list.map(({ name, type }) => [name, type === 'datasource' ? '' : '.*']),
);
waiting = laidOut(dashboard.panels).filter(({ type }) => type !== 'row').length;
document.body.style.background = theme.colors.background.canvas;
createRoot(document.getElementById('root')).render(h(Dashboard, { dashboard, values }));
