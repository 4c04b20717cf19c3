/**
 * Filters of a document that match some topics in common, while neither covers the other: a broker may deliver such a message twice. (One that
 * covers another shares its subscription, and with MQTT 5 the bridge tells the copies apart.) Each filter is reported once, with one other; of many, the first few, since one cause makes them all.
 */
import { MkbError } from '../api/errors.ts';
import type { LoadedDocument } from '../api/load.ts';
import type { Path, Problem } from '../api/problems.ts';
import { FilterIndex } from './filter-index.ts';
import { toProblem } from './problem-of.ts';
import { filterCovers } from './topic-filter.ts';

/** A filter, and the rule and character that name it. */
export interface PlacedFilter {
  readonly filter: string;
  readonly rule: string;
  readonly path: Path;
  /** In the text at `path`. */
  readonly offset: number;
}

/** As many warnings of one kind as somebody reads. */
export const mostWarnings = 20;
/** What may be looked at for each filter, on average, before the rest stays unchecked: documents may be written to take for ever. */
const visitsPerFilter = 200;

export const checkOverlaps = (loaded: LoadedDocument, filters: readonly PlacedFilter[]): Problem[] => {
  // `spec.mqtt` may be missing, or broken in another way, which is someone else's finding.
  if (loaded.document.spec.mqtt?.version !== '3.1.1') return [];
  const index = new FilterIndex<PlacedFilter>();
  const problems: Problem[] = [];
  let omitted = 0;
  for (const placed of filters) {
    if (!index.add(placed.filter, placed)) continue;
    if (index.visited > visitsPerFilter * filters.length) return [...problems, ...omission(loaded, placed, undefined)];
    const other = overlapsUncovered(index, placed.filter);
    if (other === undefined) continue;
    if (problems.length < mostWarnings) problems.push(overlap(loaded, placed, other));
    else omitted++;
  }
  return omitted === 0 ? problems : [...problems, ...omission(loaded, filters.at(-1)!, omitted)];
};

/** An earlier filter that overlaps with this one. */
const overlapsUncovered = (index: FilterIndex<PlacedFilter>, filter: string): PlacedFilter | undefined => {
  for (const { filter: other, value } of index.overlapping(filter)) {
    if (!filterCovers(other, filter) && !filterCovers(filter, other)) return value;
  }
  return undefined;
};

const overlap = (loaded: LoadedDocument, later: PlacedFilter, earlier: PlacedFilter): Problem => {
  const details = { filter: later.filter, other: earlier.filter, otherRule: earlier.rule };
  const place = loaded.locateInString(later.path, later.offset);
  return toProblem(place, later.path, new MkbError('rule-filters-overlap', details), 'warning');
};

const omission = (loaded: LoadedDocument, { path, offset }: PlacedFilter, count: number | undefined): Problem[] => {
  const error = new MkbError('rule-warnings-omitted', { what: 'filters that overlap', count });
  return [toProblem(loaded.locateInString(path, offset), path, error, 'warning')];
};
