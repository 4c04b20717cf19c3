/**
 * Queries that the operator's dashboard and alerts ask.
 *
 * Two things that surprise. Controllers in Go have metrics of the same names, so everything that is not ours alone is asked by the scrape
 * job. And an operator that waits for its turn has a queue too, in which every bridge is: of queues only that of the leader counts.
 */
import { selector } from '../promql.ts';

/** The scrape job: the name that is on the operator's Pods, which its PodMonitor takes (`jobLabel`). */
export const operatorJob = 'mqtt-kafka-operator';

export const ours = `job="${operatorJob}"`;

/** What of the bridges a dashboard shows: the choices made in its variables. */
export const chosen = 'namespace=~"$namespace",name=~"$bridge"';

const conditions = (type: string, status: string, matchers: string): string =>
  `mkb_operator_bridge_condition${selector(matchers, `type="${type}",status="${status}"`)}`;

/** 1 where a condition of a bridge has this status, else 0, by namespace and name. */
export const condition = (type: string, status: string): string =>
  `max by (namespace, name) (${conditions(type, status, chosen)})`;

/**
 * 1 where a condition of a bridge held when it was last reported, in the two minutes before. When another operator takes over, nobody reports
 * anything for a moment, and an alert that waits must not start again.
 */
export const lately = (type: string): string =>
  `max by (namespace, name) (last_over_time(${conditions(type, 'True', '')}[2m]))`;

/** 1 where a condition holds, 0 where it does not, -1 where nobody knows. */
export const answer = (type: string): string => `${condition(type, 'True')} - ${condition(type, 'Unknown')}`;

/** Of the series of operators those of the one that works. The query must keep the labels `job` and `instance`. */
export const ofLeader = (query: string): string =>
  `${query} and on (job, instance) (leader_election_master_status{${ours}} == 1)`;

/** The query, or 0 where there is none of what it counts; only while an operator works, for nobody else knows. */
export const orNone = (query: string): string => `${query} or 0 * count(leader_election_master_status{${ours}} == 1)`;

/** A quantile of a histogram, in its unit, by these further labels. */
export const quantile = (share: number, metric: string, by = ''): string =>
  `histogram_quantile(${share}, sum by (le${by && `, ${by}`}) (rate(${metric}_bucket{${ours}}[$__rate_interval])))`;

export const userCount = 'mkb_operator_mqtt_users';

/** Reasons of MqttUsers that nobody has to do anything about. */
export const userReasons = {
  letIn: 'InForce',
  /** How it begins, and what the broker's own conditions and alerts say already. */
  onTheirWay: 'Distributing|Unseen|BrokerNotReady',
  notTried: 'Unverified',
} as const;

/** Every other reason keeps a user out until somebody does something, also one that is new. */
export const keptOut = `{${ours},reason!~"${Object.values(userReasons).join('|')}"}`;
