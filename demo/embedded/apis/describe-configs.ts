import { code } from '../codes.ts';
import { describeSettings } from '../topic-settings.ts';
import { type Call, defineApi } from './api.ts';

interface Resource {
  readonly type: number;
  readonly name: string;
  /** Null for all. */
  readonly names: string[] | null;
}

interface ResourceAnswer extends Resource {
  readonly error: number;
  readonly settings: [name: string, value: string][];
}

const TOPIC = 2;
const BROKER = 4;
/** Where a setting's value comes from: the topic's own settings, or a default. */
const FROM_TOPIC = 1;
const FROM_DEFAULT = 5;

/** DescribeConfigs: the settings of topics, and of nodes the defaults that new topics get. */
export const describeConfigs = defineApi<Resource[], ResourceAnswer[]>({
  name: 'DescribeConfigs',
  versions: [1, 4],
  flexibleFrom: 4,

  read: from =>
    from.list(() => ({
      type: from.readInt8(),
      name: from.text(),
      names: from.valuesOrNull(() => from.text()),
    })),

  targets: resources => resources.filter(({ type }) => type === TOPIC).map(({ name }) => ({ topic: name })),

  act: (resources, call) => resources.map(resource => describe(resource, call)),

  write(to, answer) {
    to.throttle();
    to.list(answer, ({ error, type, name, settings }) => {
      to.appendInt16(error).text(null).appendInt8(type).text(name);
      to.list(settings, ([setting, value]) => {
        to.text(setting).text(value).appendBoolean(true);
        to.appendInt8(type === TOPIC ? FROM_TOPIC : FROM_DEFAULT).appendBoolean(false);
        to.list([], () => {}); // synonyms
        to.since(3, () => to.appendInt8(0).text(null)); // type unknown, no documentation
      });
    });
  },
});

function describe(resource: Resource, { cluster, faults }: Call): ResourceAnswer {
  const error = faults.instead(resource.type === TOPIC ? resource.name : undefined);
  if (error !== code.NONE) return { ...resource, error, settings: [] };
  if (resource.type !== TOPIC && resource.type !== BROKER) {
    return { ...resource, error: code.INVALID_REQUEST, settings: [] };
  }
  const settings = resource.type === TOPIC ? cluster.topic(resource.name)?.settings : cluster.settings;
  if (settings === undefined) return { ...resource, error: code.UNKNOWN_TOPIC_OR_PARTITION, settings: [] };
  const all = describeSettings(settings);
  return { ...resource, error, settings: all.filter(([name]) => resource.names?.includes(name) ?? true) };
}
