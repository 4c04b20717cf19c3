/** `status`: what the operator reports. It is no part of what people write, so only the custom resource describes it. */
import type { Static } from 'typebox';
import { choice, list, optional, section, text, textMap, whole } from './fields.ts';

export const count = (description: string) => whole(description, { minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

export const condition = section('One statement about the pipeline [Kubernetes API conventions: conditions].', {
  type: text('What it is about.'),
  status: choice(['True', 'False', 'Unknown'], 'Whether it holds.'),
  reason: text('Why, in one word for programs.'),
  message: text('Why, for people.', { minLength: 0 }),
  lastTransitionTime: text('Since when `status` is what it is (RFC 3339).'),
  observedGeneration: optional(count('The generation of the resource it was said about.')),
});

export const status = section('What the operator reports.', {
  observedGeneration: optional(count('The generation that was last looked at.')),
  appliedGeneration: optional(
    count('The generation that runs: older than `observedGeneration` while the newest document is not valid.'),
  ),
  conditions: optional(list(condition, 'What holds and what does not.', { key: 'type' })),
  replicas: optional(count('Bridge Pods that exist.')),
  readyReplicas: optional(count('Bridge Pods that are connected to both sides.')),
  updatedReplicas: optional(count('Bridge Pods that run the newest document and image.')),
  selector: optional(text('The labels of the bridge Pods, for autoscalers.')),
  rules: optional(count('Rules that run.')),
  sessions: optional(
    count('Replicas whose MQTT sessions the broker may still keep; those beyond `replicas` are being drained.'),
  ),
  leftSessions: optional(
    list(
      section('Sessions that an older document left at a broker. They are drained, and then no longer listed.', {
        broker: text('Where they are: its addresses, or the kind and the name of one that the operator runs.'),
        clientId: text('The client id; with `share`, each replica has appended its number.'),
        share: optional(text('The group of the shared subscriptions.')),
        sessions: count('How many are not drained yet.'),
      }),
      'MQTT sessions with other client ids, or at another broker, than those of the bridge.',
    ),
  ),
  flow: optional(
    section(
      'What flows through all replicas, messages to Kafka and records to MQTT together, rounded to two digits so that it is not written all the time.',
      {
        received: text('What was received, such as 950/s.'),
        delivered: text('What was delivered to every sink, such as 950/s.'),
        deadLettered: text('What was written to the dead-letter topic since the Pods started.'),
        dropped: text('What was dropped since the Pods started.'),
      },
    ),
  ),
  configHash: optional(
    count('A number made of the document that is to run, as replicas show it in `mkb_config_hash`.'),
  ),
  replicaConfigs: optional(
    list(
      section('A replica, and the document that it runs.', {
        pod: text('The name of the Pod.'),
        uid: text('Its uid.'),
        hash: optional(count('The number of the document that it runs; left out until it has said so.')),
        refused: optional(text('The code of the error, while it could not take the newest document.')),
      }),
      'Which document each replica runs. Changes that a running bridge takes reach it without a restart.',
    ),
  ),
  endpoints: optional(textMap('Where the parts are found within the cluster: mqtt, prometheus, grafana.')),
});

export type BridgeStatus = Static<typeof status>;
export type Condition = Static<typeof condition>;
