/**
 * What waits in EMQX for one client, by GET /clients/{clientid}.
 *
 * Two surprises. A session on disk has no queue: what waits is in a log, which nobody has counted, and the API says 0 or what it knew when the
 * client was last connected. So of these nothing is shown, which is better than a wrong 0. And a limit of 0 is none.
 */
import type { Figure } from '../mqtt/sys-topics.ts';
import { isMapping, isNumber } from './answers.ts';

/**
 * @param answer undefined if EMQX has no session of the client
 * @param queueLimit for an EMQX that has none itself
 */
export function clientFigures(client: string, answer: unknown, queueLimit?: number): Figure[] {
  const one = (metric: string, value: unknown): Figure[] =>
    isNumber(value) ? [{ metric: `mqtt_client_${metric}`, labels: { client }, value }] : [];
  if (!isMapping(answer)) return [...one('session', 0), ...one('connected', 0)];
  const { connected, durable, is_persistent, inflight_cnt, mqueue_len, mqueue_max, mqueue_dropped } = answer;
  const onDisk = durable === true || is_persistent === true;
  const limit = isNumber(mqueue_max) && mqueue_max > 0 ? mqueue_max : queueLimit;
  return [
    ...one('session', 1),
    ...one('connected', Number(connected === true)),
    ...one('session_on_disk', Number(onDisk)),
    ...one('inflight_messages', inflight_cnt),
    ...(onDisk ? [] : one('queue_messages', mqueue_len)),
    ...(onDisk ? [] : one('queue_limit_messages', limit)),
    ...one('queue_dropped_total', mqueue_dropped),
  ];
}
