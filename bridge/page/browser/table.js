/** Tables whose rows stay the same elements. On narrow windows each row stands as a card, so roles are named: they must not depend on how it is shown. */
import { keep, make, setText } from './dom.js';

export class Table {
  #body;
  #columns;
  #empty;

  /**
   * @param columns each with `name`, `text` of a row (or `fill`, which gets the cell too), and maybe `className`
   * @param empty what stands there without rows
   */
  constructor(parent, label, columns, empty) {
    this.#columns = columns;
    const heads = columns.map(({ name, className }) => as(make('span', className, name), 'columnheader'));
    const head = as(make('div', 'row heads', ...heads), 'row');
    this.#body = as(make('div', 'body'), 'rowgroup');
    const table = as(make('div', 'table', as(make('div', '', head), 'rowgroup'), this.#body), 'table');
    table.setAttribute('aria-label', label);
    this.#empty = make('p', 'empty', empty);
    parent.replaceChildren(table, this.#empty);
  }

  show(rows, keyOf) {
    this.#empty.hidden = rows.length > 0;
    this.#body.parentElement.hidden = rows.length === 0;
    keep(
      this.#body,
      rows,
      keyOf,
      () => this.#row(),
      (element, row) => this.#fill(element, row),
    );
  }

  #row() {
    const cells = this.#columns.map(({ name, className }) => {
      const cell = as(make('span', className), 'cell');
      cell.dataset.label = name;
      return cell;
    });
    return as(make('div', 'row', ...cells), 'row');
  }

  #fill(element, row) {
    for (const [at, { text, fill }] of this.#columns.entries()) {
      const cell = element.children[at];
      if (fill) fill(cell, row);
      else setText(cell, text(row));
    }
  }
}

const as = (element, role) => {
  element.setAttribute('role', role);
  return element;
};
