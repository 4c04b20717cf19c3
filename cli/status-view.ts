/** How `mkb status` prints bridges: for people as a table or in detail, for programs as JSON or YAML. */
import { stringify } from 'yaml';
import { detailsText } from './status-details.ts';
import type { BridgeFacts } from './status-facts.ts';
import { StatusTable } from './status-table.ts';
import { painter } from './status-text.ts';

export const outputs = ['text', 'json', 'yaml'] as const;
export type Output = (typeof outputs)[number];

export interface StatusView {
  /** All of them, as they are now. */
  all(bridges: readonly BridgeFacts[], now: Date): string;
  /** For --watch where the output is no terminal: one after the other, as they change. */
  each(bridges: readonly BridgeFacts[], now: Date): string;
}

/** @param detailed in text, everything about each bridge in place of a table */
export const statusView = (
  output: Output,
  { detailed, colour }: { detailed: boolean; colour: boolean },
): StatusView => {
  if (output === 'json') return jsonView;
  if (output === 'yaml') return yamlView;
  return detailed ? detailsView(colour) : tableView(colour);
};

const jsonView: StatusView = {
  all: bridges => `${JSON.stringify(bridges, null, 2)}\n`,
  each: bridges => bridges.map(bridge => `${JSON.stringify(bridge)}\n`).join(''),
};

const yamlView: StatusView = {
  all: bridges => stringify(bridges),
  each: bridges => bridges.map(bridge => `---\n${stringify(bridge)}`).join(''),
};

const detailsView = (colour: boolean): StatusView => {
  const paint = painter(colour);
  const text = (bridges: readonly BridgeFacts[], now: Date): string =>
    bridges.map(bridge => detailsText(bridge, now, paint)).join('\n');
  return { all: text, each: (bridges, now) => `${text(bridges, now)}\n` };
};

const tableView = (colour: boolean): StatusView => {
  const table = new StatusTable(painter(colour));
  let begun = false;
  return {
    all: (bridges, now) => table.text(bridges, now),
    each: (bridges, now) => {
      const text = begun ? table.rows(bridges, now) : table.text(bridges, now);
      begun = true;
      return text;
    },
  };
};
