/** The list of vehicles: a button each, which follows it. Elements are made once, and only their text changes. */
import { byId, heard, make, setText } from './dom.js';
import { count } from './numbers.js';
import { colourName } from './theme.js';
import { direction, km } from './units.js';
import { activity } from './vehicles.js';

const lowCharge = 20;

export class VehicleList {
  #list = byId('vehicle-list');
  #rows = new Map();
  #vehicles;
  #chosen;

  constructor(vehicles, chosen) {
    this.#vehicles = vehicles;
    this.#chosen = chosen;
  }

  /** Makes a row for each vehicle there is. */
  rebuild() {
    this.#rows = new Map([...this.#vehicles.all.values()].map(vehicle => [vehicle.view.key, this.#row(vehicle)]));
    this.#list.replaceChildren(...[...this.#rows.values()].map(({ item }) => item));
    this.update();
  }

  /** Keeps room for so many rows, so that nothing below moves when they come. */
  reserve(rows) {
    this.#list.style.setProperty('--rows', rows);
  }

  update() {
    const { followed } = this.#vehicles;
    for (const [key, row] of this.#rows) show(row, this.#vehicles.all.get(key).view, key === followed?.view.key);
    if (followed) showFollowed(followed);
  }

  #row({ view: { key, name }, index }) {
    const row = {
      item: make('li'),
      button: make('button'),
      gear: make('span', 'gear'),
      state: heard(''),
      speed: make('b'),
      bar: make('span', 'bar', make('span')),
      charge: make('span'),
      odometer: make('span'),
    };
    const unit = text => make('span', 'unit', text);
    row.button.type = 'button';
    row.button.style.setProperty('--colour', colourName(index));
    row.button.append(
      make('span', 'name', make('span', 'dot'), make('span', '', name)),
      make('span', '', heard(', gear '), row.gear, row.state),
      make('span', 'speed', heard(', '), row.speed, unit(' km/h')),
      make('span', 'charge', row.bar, heard(', charge '), row.charge),
      make('span', 'odometer', heard(', odometer '), row.odometer, unit(' km')),
    );
    row.button.addEventListener('click', () => this.#chosen(key));
    row.item.append(row.button);
    return row;
  }
}

const show = (row, view, followed) => {
  const doing = activity(view);
  row.button.setAttribute('aria-pressed', `${followed}`);
  setText(row.gear, view.shift);
  row.gear.dataset.charging = `${doing === 'charging'}`;
  setText(row.state, `, ${doing}`);
  setText(row.speed, count(view.speedKmh));
  setText(row.charge, `${count(view.charge)} %`);
  row.bar.style.setProperty('--charge', `${view.charge}%`);
  row.bar.dataset.low = `${view.charge < lowCharge}`;
  setText(row.odometer, km(view.odometerKm));
};

const showFollowed = ({ view, index }) => {
  byId('followed-dot').style.setProperty('--colour', colourName(index));
  setText(byId('followed'), view.name);
  const doing = activity(view);
  const way = doing === 'driving' ? `${count(view.speedKmh)} km/h ${direction(view.heading)}` : doing;
  setText(byId('followed-state'), `${way} · ${count(view.powerKw)} kW`);
};
