import { code } from '../codes.ts';
import { defineApi } from './api.ts';

type Answer = { readonly name: string; readonly error: number }[];

/** DeleteTopics: at once. */
export const deleteTopics = defineApi<readonly string[], Answer>({
  name: 'DeleteTopics',
  versions: [1, 5],
  flexibleFrom: 4,

  read: from => from.values(() => from.text()),

  targets: names => names.map(topic => ({ topic })),

  act: (names, { cluster, faults }) =>
    names.map(name => {
      const instead = faults.instead(name);
      if (instead !== code.NONE) return { name, error: instead };
      if (cluster.topic(name) === undefined) return { name, error: code.UNKNOWN_TOPIC_OR_PARTITION };
      cluster.deleteTopic(name);
      return { name, error: faults.afterwards(name) };
    }),

  write(to, answer) {
    to.throttle();
    to.list(answer, ({ name, error }) => {
      to.text(name).appendInt16(error);
      to.since(5, () => to.text(null));
    });
  },
});
