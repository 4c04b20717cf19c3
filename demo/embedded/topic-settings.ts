/**
 * Topic settings: those that are honoured, and those that describe how the embedded broker works and so may only be set to that.
 * Any other name or value is refused with INVALID_CONFIG, so that nothing is accepted and then ignored.
 */
export interface TopicSettings {
  /** Bytes a partition keeps; -1 for no limit. */
  readonly 'retention.bytes': number;
  /** Milliseconds a batch is kept; -1 for no limit. */
  readonly 'retention.ms': number;
  /** The largest record batch taken, in bytes as sent. */
  readonly 'max.message.bytes': number;
  /** Replicas that must be alive for a Produce with acks=all. */
  readonly 'min.insync.replicas': number;
}

/** The lowest value of each setting. */
const lowest: TopicSettings = {
  'retention.bytes': -1,
  'retention.ms': -1,
  'max.message.bytes': 0,
  'min.insync.replicas': 1,
};

const fixed: Readonly<Record<string, string>> = {
  'cleanup.policy': 'delete',
  'compression.type': 'producer',
  'message.timestamp.type': 'CreateTime',
};

/** Kafka's own default of max.message.bytes: 1 MiB and a batch's overhead. */
const MAX_MESSAGE_BYTES = 1_048_588;

/** A demo of ten partitions stays below 200 MB. */
const RETENTION_BYTES = 16 * 1024 * 1024;

export function defaultSettings(options: { retentionBytes?: number; maxMessageBytes?: number }): TopicSettings {
  return {
    'retention.bytes': options.retentionBytes ?? RETENTION_BYTES,
    'retention.ms': -1,
    'max.message.bytes': options.maxMessageBytes ?? MAX_MESSAGE_BYTES,
    'min.insync.replicas': 1,
  };
}

/** Settings with a client's own on top; a string says what is wrong with them. */
export function readSettings(
  defaults: TopicSettings,
  wanted: Iterable<readonly [name: string, value: string | null]>,
): TopicSettings | string {
  const settings: Record<string, number> = { ...defaults };
  for (const [name, value] of wanted) {
    if (value === null) continue; // Null asks for the default.
    if (name in lowest) {
      const number = Number(value);
      const least = lowest[name as keyof TopicSettings];
      if (!Number.isSafeInteger(number) || number < least) return `${name} must be a whole number from ${least} on.`;
      settings[name] = number;
    } else if (fixed[name] !== value) {
      return name in fixed
        ? `The embedded broker knows ${name}=${fixed[name]} only.`
        : `The embedded broker does not know ${name}.`;
    }
  }
  return settings as unknown as TopicSettings;
}

/** Name and value of each setting, the fixed ones among them. */
export function describeSettings(settings: TopicSettings): [name: string, value: string][] {
  const own = Object.entries(settings).map(([name, value]): [string, string] => [name, String(value)]);
  return [...own, ...Object.entries(fixed)].sort(([a], [b]) => (a < b ? -1 : 1));
}
