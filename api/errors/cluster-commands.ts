/** Errors: commands that do something with a bridge in a cluster. */
import { table } from './entry.ts';

export const clusterCommandErrors = table({
  'bridge-left-alone': {
    kind: 'permanent',
    message: ({ name, annotation }: { name: string; annotation: string }) =>
      `Nothing would happen: the operator leaves ${name} as it is, since its annotation ${annotation} is "true".`,
    remedy: 'Take the annotation away (kubectl annotate mkb NAME mqttkafka.dev/paused-), and run the command again.',
  },
  'bridge-stopped': {
    kind: 'permanent',
    message: ({ name }: { name: string }) => `The bridge ${name} is stopped: bridge.replicas is 0.`,
    remedy: 'Let it go on by mkb resume: it starts with the newest document.',
  },
  'bridge-keeps-nothing': {
    kind: 'permanent',
    message: ({ name }: { name: string }) =>
      `A pause of ${name} would lose messages: mqtt.sessionExpiry is 0s, so the broker keeps none for it while it is away.`,
    remedy:
      'Set mqtt.sessionExpiry to longer than the pause, such as 1h; or add --force if what is published meanwhile may be lost.',
  },
  'bridge-not-yet': {
    kind: 'retryable',
    message: ({ name, what, seconds, why }: { name: string; what: string; seconds: number; why: string }) =>
      `${name} is not ${what} after ${seconds} s: ${why}`,
    remedy: 'It goes on without this command. mkb status NAME shows what it waits for; --timeout gives it more time.',
  },
  'bridge-change-refused': {
    kind: 'permanent',
    message: ({ name, reason }: { name: string; reason: string }) => `The bridge ${name} cannot be changed: ${reason}`,
    remedy:
      'If you may not change it, ask for the role edit in its namespace. If somebody else has just changed it, run the command again.',
  },
  'bridge-no-pods': {
    kind: 'permanent',
    message: ({ name, which }: { name: string; which: string }) => `The bridge ${name} has no Pod${which}.`,
    remedy: 'mkb status NAME shows how many replicas there are, and why one is missing.',
  },
});
