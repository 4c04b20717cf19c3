/** Kafka as a source and MQTT as a sink, without either: a test hands records in, and sees what would be published. */
import { BoundRule } from '../../../../bridge/flow/bound-rule.ts';
import { Pipeline } from '../../../../bridge/flow/pipeline.ts';
import type { Sink } from '../../../../bridge/flow/sink.ts';
import type { Intake } from '../../../../bridge/flow/source.ts';
import type { ObtainSchema } from '../../../../bridge/flow/waiting.ts';
import type { Publication } from '../../../../bridge/mqtt/publisher/publication.ts';
import { MqttWriter } from '../../../../bridge/sinks/mqtt-writer.ts';
import { KafkaSource, type KafkaSourceOptions } from '../../../../bridge/sources/kafka.ts';
import type { Schemas } from '../../../../rules/schemas/schemas.ts';

export interface GivenRecord {
  readonly key?: string;
  readonly value?: Buffer;
  readonly headers?: Readonly<Record<string, string | Buffer>>;
}

class TestSource extends KafkaSource {
  override async start(intake: Intake): Promise<void> {
    this.attach(intake);
  }
}

const sink: Sink = {
  full: false,
  hasRoom: true,
  readEnd: () => undefined,
  sendNow: () => undefined,
  flush: () => undefined,
  withdraw: () => undefined,
  waiting: () => undefined,
  start: async () => undefined,
  missing: () => [],
  close: async () => undefined,
};

export interface RecordFlow {
  readonly published: Publication[];
  /** Codes of what failed. */
  readonly failures: string[];
  readonly source: KafkaSource;
  give(record: GivenRecord): void;
}

export function recordFlow(
  sql: string,
  mqtt: object,
  { schemas, obtainSchema }: { readonly schemas?: Schemas; readonly obtainSchema?: ObtainSchema } = {},
): RecordFlow {
  const published: Publication[] = [];
  const failures: string[] = [];
  const rule = new BoundRule(
    { name: 'r', sql, sinks: [{ mqtt }] } as never,
    1,
    (_document, _name, compiled) => ({
      sink,
      writer: new MqttWriter(mqtt as never, compiled, publication => published.push(publication)),
    }),
    schemas && { schemas },
  );
  const pipeline = new Pipeline({
    rules: [rule],
    letterBox: undefined,
    failed: (_rule, { code }) => failures.push(code),
    raise: () => undefined,
    settled: () => undefined,
    obtainSchema: obtainSchema ?? (async () => false),
  });
  const { topic } = rule.topics[0]!;
  const again = { minDelayMs: 1, maxDelayMs: 1 };
  const cluster = { bootstrapServers: [], retry: again, reconnect: again, login: {}, connection: {} };
  const wanted = { names: [topic], patterns: new Map(), except: new Set() };
  const consumer = { cluster, wanted } as unknown as KafkaSourceOptions['consumer'];
  const source = new TestSource(
    { consumer, rules: [rule], maxRecords: 100, maxBytes: 10_000_000, persistent: false },
    { assigned: () => undefined, problem: () => undefined, stopped: () => undefined, untilDone: action => action() },
  );
  const intake = pipeline.intake(source, [rule]);
  void source.start(intake);
  let offset = 0n;
  return {
    published,
    failures,
    source,
    give: ({ key, value, headers = {} }) => {
      const record = {
        offset: offset++,
        key: key === undefined ? undefined : Buffer.from(key),
        value,
        headers: Object.entries(headers).map(([name, content]) => [name, Buffer.from(content as string)] as const),
        timestamp: 1000,
        timestampType: 'create' as const,
      };
      const partition = { topic, partition: 0, settle: () => undefined };
      source.take(partition as never, record, { offset: record.offset, settled: false });
      intake.readEnd();
    },
  };
}
