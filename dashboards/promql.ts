/**
 * Queries that several dashboards and alerts ask, each written once.
 *
 * A loss is a message that was dropped for a reason other than a rule's own will. The reasons that are intended are named and all others
 * are losses: a reason that is invented later must be seen, not overlooked.
 */

/** Scrape jobs. Restarts, `up` and process figures are told apart by these names, so Prometheus' configuration must use them. */
export const jobs = { bridge: 'bridge', exporter: 'exporter', simulator: 'simulator' } as const;

/** What of the bridges a dashboard shows: the choices made in its variables. */
export const chosenBridge = 'bridge=~"$bridge"';
/** The same of metrics that each source of messages has: mqtt, kafka, events, windows. */
export const chosenSource = `${chosenBridge},source=~"$source"`;

/** Sources with an objective for delivery. Nobody waits for an event or a row of a window, and an event says at times that Kafka is down. */
export const timedSources = 'source=~"mqtt|kafka"';

/** The reasons for which document and rules mean a message to go nowhere; `aggregated`: it only counts in a window; `expired`: its time was over before it could be sent. */
export const intendedReasons: readonly string[] = [
  'filtered',
  'no_rule',
  'other_copy',
  'old_subscription',
  'retained',
  'aggregated',
  'expired',
];

export const intended = `reason=~"${intendedReasons.join('|')}"`;
const unintended = `reason!~"${intendedReasons.join('|')}"`;

/** A selector of several label matchers; empty ones are left out. */
export const selector = (...matchers: readonly string[]): string => {
  const given = matchers.filter(matcher => matcher !== '');
  return given.length === 0 ? '' : `{${given.join(',')}}`;
};

/** A counter's growth per second, by these labels. `window` is a range such as 5m; Grafana's own unless given. */
export const perSecond = (metric: string, by: string, matchers = '', window = '$__rate_interval'): string =>
  `sum by (${by}) (rate(${metric}${selector(matchers)}[${window}]))`;

/** Messages that were lost. */
export const lost = (matchers = ''): string => `mkb_messages_dropped_total${selector(matchers, unintended)}`;

/** Messages that a rule left out as its SQL says. */
export const leftOut = (matchers = ''): string => `mkb_messages_dropped_total${selector(matchers, intended)}`;

/**
 * Received less everything that has an outcome, was given back or waits for an outcome: 0 at every scrape, by bridge, instance and source.
 * Something else is a fault of the bridge's own accounts.
 */
export const unaccounted = (matchers = ''): string =>
  ['received_total', 'delivered_total', 'dead_lettered_total', 'dropped_total', 'returned_total', 'in_flight']
    .map(name => `sum by (bridge, instance, source) (mkb_messages_${name}${selector(matchers)})`)
    .join(' - ');

/**
 * A quantile of the time to deliver, in seconds, by source, of classic buckets. The only place that knows that they are classic: with native
 * histograms it would be histogram_quantile(q, sum by (source) (rate(mkb_delivery_seconds[...]))).
 */
export const deliveryQuantile = (quantile: number, matchers = '', window = '$__rate_interval'): string =>
  `histogram_quantile(${quantile}, sum by (source, le) (rate(mkb_delivery_seconds_bucket${selector(matchers)}[${window}])))`;

/**
 * The part of messages, 0 to 1, by bridge and source, that took longer than the objective allows. NaN while there are none.
 *
 * @param seconds a whole bound of the histogram. Prometheus 2 keeps the label as it came, le="1"; Prometheus 3 makes it le="1.0".
 */
export const slowPart = (seconds: number, window: string, matchers = ''): string => {
  const within = selector(matchers, timedSources, `le=~"${seconds}(\\\\.0)?"`);
  const quick = `sum by (bridge, source) (rate(mkb_delivery_seconds_bucket${within}[${window}]))`;
  const all = `sum by (bridge, source) (rate(mkb_delivery_seconds_count${selector(matchers, timedSources)}[${window}]))`;
  return `1 - ${quick} / ${all}`;
};

/** Messages from MQTT and Kafka per second that were delivered, by bridge and source. */
export const timedRate = (window: string): string =>
  `sum by (bridge, source) (rate(mkb_delivery_seconds_count${selector(timedSources)}[${window}]))`;

/** Messages from MQTT that are not acknowledged, as a part of how many may be. What waits in a buffer is acknowledged. */
export const windowInUse = (matchers: string): string =>
  `mkb_window_messages{${matchers}} / mkb_window_limit_messages{${matchers}}`;

/**
 * The query, or one series of 0 where there is nothing to show because nothing of the kind has happened yet.
 *
 * @param read a query that gives something only while what is asked for is read: without it, zero would be a guess
 */
export const orZero = (query: string, label: string, name: string, read: string): string =>
  `${query} or on () label_replace(0 * count(${read}), "${label}", "${name}", "", "")`;

/**
 * What happened in the time shown, and at least in the hour before its end, counted: a loss of ten minutes ago must not be a green zero because
 * the page shows five. increase() works out what a whole interval would have had, and so makes 3 of 2. Only of a counter that began again in
 * between, its rounded estimate is all there is.
 *
 * Zero is shown only while the counter is read. More than zero stays, whatever has died since.
 *
 * @param read a query that gives a number only while the counter is read
 */
export function counted(counter: string, read = `count(${counter})`): string {
  const within = (window: string): string => {
    const range = `${counter}[${window}]`;
    return `sum(round(increase(${range})) unless resets(${range}) == 0 or max_over_time(${range}) - min_over_time(${range}))`;
  };
  return `${within('$__range')} > ${within('1h')} or ${within('1h')} > 0 or 0 * ${read}`;
}

/** Only of what answers: an exporter goes on showing for a while what it read last. */
export const whileUp = (query: string, up: string): string => `(${query}) and on (target) (${up})`;

/**
 * A number that is good news only if all that is watched is read: a number that is no good news is shown in any case.
 *
 * @param bad from where it is no good news
 * @param up of each that is watched whether it answers
 */
export const ofAll = (number: string, bad: number, up: string): string =>
  `${number} > ${bad} or ${number} and on () min(${up}) == 1`;

/**
 * Of a query's series those that are largest, at their highest in the time shown: so they are the same all the time.
 *
 * @param count how many
 * @param size by what they are chosen, with these labels, where it is something else than their own values
 */
export const largest = (query: string, count: number, size?: Size): string =>
  size === undefined
    ? `(${query}) and topk(${count}, max_over_time((${query})[$__range:$__interval] @ end()))`
    : `(${query}) and on (${size.by}) topk(${count}, ${size.expr})`;

export interface Size {
  readonly by: string;
  readonly expr: string;
}
