/** How often metrics are collected. Rates in dashboards and alerts need two scrapes a minute at least; Grafana works out its windows from it. */
export const scrapeInterval = '15s';
