/** What `mkb verify` finds out. */
import { table } from './entry.ts';

const some = (lost: number): string => (lost === 1 ? '1 message is' : `${lost} messages are`);

export const verifyErrors = table({
  'verify-no-broker': {
    kind: 'permanent',
    message: ({ name }: { name: string }) =>
      `The bridge ${name} is the MQTT server itself (mqtt.listen): there is no other server that could lose messages.`,
    remedy: 'Verify a document with `mqtt.url`. What a bridge that listens keeps is in docs/devices-to-kafka.md.',
  },
  'verify-queue-limit': {
    kind: 'permanent',
    message: ({
      lost,
      acknowledged,
      kept,
      fault,
      dropped,
      setting,
    }: {
      lost: number;
      acknowledged: number;
      kept: number;
      fault: string;
      dropped: string;
      setting: string;
    }) =>
      `${some(lost)} lost of ${acknowledged} that waited in the MQTT server (${fault}): it kept ${kept} and dropped ${dropped}. The setting at fault: ${setting}.`,
    remedy:
      'Raise the limit, so that the messages of your longest outage fit, or give the bridge `delivery.buffer: {mode: disk}` and keep it running.',
  },
  'verify-session-expired': {
    kind: 'permanent',
    message: ({
      lost,
      fault,
      sessionExpiry,
      setting,
    }: {
      lost: number;
      fault: string;
      sessionExpiry: string;
      setting: string;
    }) =>
      `${some(lost)} lost (${fault}): the MQTT server had no session of the bridge any more. The setting at fault: mqtt.sessionExpiry, which is ${sessionExpiry}, or ${setting}.`,
    remedy: 'Have sessions kept for longer than your longest outage.',
  },
  'verify-session-not-kept': {
    kind: 'permanent',
    message: ({ lost, fault, setting }: { lost: number; fault: string; setting: string }) =>
      `${some(lost)} lost (${fault}): the MQTT server came back without the session of the bridge. The setting at fault: ${setting}.`,
    remedy: 'Have the server keep sessions over a restart.',
  },
  'verify-not-saved': {
    kind: 'permanent',
    message: ({ lost, fault, setting }: { lost: number; fault: string; setting: string }) =>
      `${some(lost)} lost (${fault}): the MQTT server still had the session, without all that it had acknowledged. The setting at fault: ${setting}.`,
    remedy: 'Have the server write what it acknowledges sooner, and end it by SIGTERM, not by a kill.',
  },
  'verify-durable-sessions': {
    kind: 'permanent',
    message: ({ lost, version }: { lost: number; version: string }) =>
      `${some(lost)} lost: the durable sessions of EMQX 5.8.1 to 5.8.9 send others than they should when a client comes back, and this is ${version}.`,
    remedy:
      'Run EMQX 5.8.0 or 6, or set `durable_sessions.enable = false` and do not restart EMQX while messages wait.',
  },
  'verify-lost-by-kafka': {
    kind: 'permanent',
    message: ({ lost, setting }: { lost: number; setting: string }) =>
      `${some(lost)} lost by Kafka, which had acknowledged them. The setting at fault: ${setting}.`,
    remedy:
      'Have 3 replicas, `min.insync.replicas=2`, `unclean.leader.election.enable=false`, and `kafka.producer.acks: all`.',
  },
  'verify-lost': {
    kind: 'permanent',
    message: ({ lost }: { lost: number }) =>
      `${some(lost)} lost that were published while nothing was broken, and the MQTT server had acknowledged them.`,
    remedy: 'Look into the log of the MQTT server for messages that it dropped: a rate limit, a full queue, memory.',
  },
  'verify-risk': {
    kind: 'permanent',
    message: ({ setting, why }: { setting: string; why: string }) => `${setting} can lose messages: ${why}.`,
    remedy: 'Change it, or accept what it means.',
  },
  'verify-stuck': {
    kind: 'retryable',
    message: ({ fault, reason }: { fault: string; reason: string }) =>
      `Messages did not reach Kafka again in time after a fault (${fault}): ${reason}.`,
    remedy: 'See that what was broken runs again, or give it more time with `--patience`.',
  },
  'verify-left-behind': {
    kind: 'permanent',
    message: ({ what, reason }: { what: string; reason: string }) => `${what} could not be removed: ${reason}`,
    remedy: 'Remove it by hand. It disturbs nothing: no bridge uses that name.',
  },
  'verify-fault-failed': {
    kind: 'permanent',
    message: ({ command, reason }: { command: string; reason: string }) => `\`${command}\` failed: ${reason}.`,
    remedy: 'Run it by hand where mkb runs, and correct the names or the rights that it needs.',
  },
});
