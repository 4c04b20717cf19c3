/** Metrics of a bridge that MQTT clients connect to; others have none of these. */
import { ends, refusals } from '../listen/client-counts.ts';
import { queueDrops } from '../listen/outbox.ts';
import type { BridgeFigures, ListenerFigures } from './figures.ts';
import type { MetricEntry, Sample } from './metric-table.ts';

const entry = (
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  samples: (figures: ListenerFigures) => readonly Sample[],
  labels: readonly string[] = [],
): MetricEntry<BridgeFigures> => ({
  name,
  type,
  help,
  labels,
  samples: ({ listener }) => (listener === undefined ? [] : samples(listener.listener)),
});

export const listenerMetrics: readonly MetricEntry<BridgeFigures>[] = [
  entry('mkb_clients_connected', 'gauge', 'MQTT clients that are connected to the bridge (mqtt.listen).', figures => [
    [{}, figures.connected],
  ]),
  entry('mkb_clients_welcomed_total', 'counter', 'Connections of MQTT clients that were let in.', ({ counts }) => [
    [{}, counts.welcomed],
  ]),
  entry(
    'mkb_clients_refused_total',
    'counter',
    'Connections that were not let in: malformed (no CONNECT that can be read), version (of MQTT), client_id, not_authorised, failed_logins (too many from its address), unavailable (the login server, or the keys of tokens), busy (too many wait to be let in), unsupported (enhanced authentication, a retained will), timeout (no CONNECT in time), or beyond a limit of mqtt.clients.limits: connections, address, rate.',
    ({ counts }) => refusals.map(reason => [{ reason }, counts.refused[reason]] as const),
    ['reason'],
  ),
  entry(
    'mkb_clients_ended_total',
    'counter',
    'Connections that ended: goodbye (the client said DISCONNECT), lost, keep_alive (the client was silent), taken_over (by another connection with its client id), protocol (the client broke it), limit, expired (its login), stopped (with the bridge), other.',
    ({ counts }) => ends.map(reason => [{ reason }, counts.ends[reason]] as const),
    ['reason'],
  ),
  entry(
    'mkb_clients_denied_total',
    'counter',
    'Messages that a client was not allowed to publish (mqtt.clients.publish). They are not among those received.',
    ({ counts }) => [[{}, counts.denied]],
  ),
  entry('mkb_clients_subscriptions', 'gauge', 'Subscriptions of MQTT clients.', ({ subscribing }) => [
    [{}, subscribing.sessions.subscribed],
  ]),
  entry(
    'mkb_clients_away',
    'gauge',
    'Sessions whose clients are not connected (mqtt.clients.sessions).',
    ({ subscribing }) => [[{}, subscribing.sessions.away]],
  ),
  entry(
    'mkb_clients_queued_messages',
    'gauge',
    'Messages of QoS 1 and 2 for MQTT clients that wait, or are not acknowledged.',
    ({ subscribing }) => [[{}, subscribing.sessions.waiting]],
  ),
  entry(
    'mkb_clients_messages_missed_total',
    'counter',
    'Messages that a subscriber did not get: full (its queue, or the memory for all of them), aged (it did not come in time), expired (the time for which the message was of use), too_large (for the client), refused (by the client), session_ended (with messages that waited), congested (QoS 0, and the client does not read).',
    ({ subscribing }) => queueDrops.map(reason => [{ reason }, subscribing.sessions.drops[reason]] as const),
    ['reason'],
  ),
  entry(
    'mkb_clients_wills_lost_total',
    'counter',
    'Wills of lost clients for which there was no room while Kafka was slow or down.',
    ({ counts }) => [[{}, counts.willsLost]],
  ),
  entry(
    'mkb_clients_held_bytes',
    'gauge',
    'What parts of packets, and packets that wait, hold over all clients. At delivery.buffer.maxBytes clients are disconnected.',
    ({ heldBytes }) => [[{}, heldBytes]],
  ),
];
