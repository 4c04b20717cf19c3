/** One connection to one node, for tests that say exactly which request they send. */
import * as library from '@platformatic/kafka';
import { Connection, createAPI, produceV9, ResponseError, Writer } from '@platformatic/kafka';

/** The partition's part of an answer to Produce. */
export interface ProduceAnswer {
  readonly errorCode: number;
  readonly baseOffset: bigint;
  readonly logStartOffset: bigint;
  readonly throttleTimeMs: number;
}

const produceRaw = createAPI<[string, number, number, Buffer], produceV9.ProduceResponse>(
  0,
  9,
  (topic: string, partition: number, acks: number, records: Buffer) =>
    Writer.create()
      .appendString(null)
      .appendInt16(acks)
      .appendInt32(1_000)
      .appendArray([topic], w => {
        w.appendString(topic).appendArray([partition], (v, index) => v.appendInt32(index).appendBytes(records));
      })
      .appendTaggedFields(),
  produceV9.parseResponse,
);

/** What is answered, also when an error code is in it: the library throws then, and keeps the answer. */
async function answerOf<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ResponseError) return (error as unknown as { response: T }).response;
    throw error;
  }
}

export class WireClient {
  readonly connection = new Connection('wire-client', { requestTimeout: 10_000 });

  /** @param bootstrap addresses with commas between; the first is taken unless `index` says another */
  static async connect(bootstrap: string, index = 0): Promise<WireClient> {
    const client = new WireClient();
    const [host, port] = bootstrap.split(',')[index]!.split(':');
    await client.connection.connect(host!, Number(port));
    return client;
  }

  /** Sends one batch as it is. */
  async produce(topic: string, partition: number, records: Buffer, acks = -1): Promise<ProduceAnswer> {
    const answer = await answerOf(produceRaw.async(this.connection, topic, partition, acks, records));
    return { ...answer.responses[0]!.partitionResponses[0]!, throttleTimeMs: answer.throttleTimeMs };
  }

  /** Any request in any version the client library knows: `ask('OffsetFetch', 7, ...)`. */
  async ask<T>(api: string, version: number, ...args: unknown[]): Promise<T> {
    const name = `${api[0]!.toLowerCase()}${api.slice(1)}V${version}`;
    const known = library as unknown as Record<string, { api: { async(...args: unknown[]): Promise<T> } }>;
    return await answerOf(known[name]!.api.async(this.connection, ...args));
  }

  async close(): Promise<void> {
    await this.connection.close();
  }
}
