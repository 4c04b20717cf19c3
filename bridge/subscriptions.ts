import { filterCovers } from '../rules/topic-filter.ts';

/**
 * The filters to subscribe to for a set of rules: each once, and none that another covers, because a broker may deliver a message once
 * for every subscription that matches it [MQTT-3.3.4-2].
 *
 * @param share the group of a shared subscription, if the bridge has several replicas
 */
export function subscriptionFilters(filters: readonly string[], share: string | undefined): string[] {
  const distinct = [...new Set(filters)];
  const needed = distinct.filter(filter => !distinct.some(other => other !== filter && filterCovers(other, filter)));
  return share === undefined ? needed : needed.map(filter => `$share/${share}/${filter}`);
}
