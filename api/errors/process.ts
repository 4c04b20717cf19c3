/** Errors: what any command can meet. */
import { table } from './entry.ts';

export const processErrors = table({
  'listen-failed': {
    kind: 'permanent',
    message: ({ address, reason }: { address: string; reason: string }) => `Cannot listen on ${address}: ${reason}.`,
    remedy:
      'Choose another address with --http HOST:PORT, or --webhook HOST:PORT if it is that of the webhook; port 0 takes any free one.',
  },
  unexpected: {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => `Something went wrong that should not have: ${reason}.`,
    remedy: 'This is a fault of the bridge. Please report it with the log and, if you can, the message that caused it.',
  },
  'option-invalid': {
    kind: 'permanent',
    message: ({ option, found, allowed }: { option: string; found: string; allowed: string }) =>
      `${option} is "${found}", which is not ${allowed}.`,
    remedy: 'Give the option a value of that kind; the command’s --help lists all of them with examples.',
  },
});
