/**
 * What a transaction asks its coordinator, in versions that Kafka 2.8 to 4.x have. Each call returns an error code, 0 for none, and throws when there
 * is no answer; what to do about it is left to the transaction.
 */
import {
  addOffsetsToTxnV3,
  addPartitionsToTxnV3,
  type Connection,
  endTxnV3,
  initProducerIdV4,
} from '@platformatic/kafka';
import { responseOf } from '../../network/kafka/response-error.ts';
import type { Cluster, ClusterOptions } from './cluster.ts';
import { Coordinator } from './consumer/coordinator.ts';
import { isMoved } from './consumer/group-errors.ts';
import type { Lane } from './lane.ts';
import type { ProducerIdentity } from './record-batch.ts';

export class TransactionCalls {
  readonly #id: string;
  readonly #coordinator: Coordinator;

  constructor(id: string, cluster: Cluster, options: ClusterOptions) {
    this.#id = id;
    const waits = { sessionTimeoutMs: options.requestTimeoutMs, rebalanceTimeoutMs: 0 };
    this.#coordinator = new Coordinator({ cluster: options, groupId: id, ...waits }, cluster, 'transaction');
  }

  /** The next epoch of the id. @param before the epoch that we had; undefined to take the id from the process that has it */
  begin(timeoutMs: number, before: ProducerIdentity | undefined): Promise<initProducerIdV4.InitProducerIdResponse> {
    return this.#ask('begin transactions', connection =>
      initProducerIdV4.api.async(connection, this.#id, timeoutMs, before?.producerId, before?.producerEpoch),
    );
  }

  async addPartitions(
    { producerId, producerEpoch }: ProducerIdentity,
    partitions: readonly Pick<Lane, 'topic' | 'partition'>[],
  ): Promise<number> {
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, of]) => ({
      name,
      partitions: [...new Set(of.map(({ partition }) => partition))],
    }));
    const transaction = { transactionalId: this.#id, producerId, producerEpoch, verifyOnly: false, topics };
    const { resultsByTransaction } = await this.#ask(
      'take partitions into a transaction',
      connection => addPartitionsToTxnV3.api.async(connection, [transaction]),
      answer => codeOf(answer.resultsByTransaction),
    );
    return codeOf(resultsByTransaction);
  }

  async addOffsets({ producerId, producerEpoch }: ProducerIdentity, groupId: string): Promise<number> {
    const { errorCode } = await this.#ask('take offsets into a transaction', connection =>
      addOffsetsToTxnV3.api.async(connection, this.#id, producerId, producerEpoch, groupId),
    );
    return errorCode;
  }

  /** @param committed whether it counts, or is aborted */
  async end({ producerId, producerEpoch }: ProducerIdentity, committed: boolean): Promise<number> {
    const { errorCode } = await this.#ask('end a transaction', connection =>
      endTxnV3.api.async(connection, this.#id, producerId, producerEpoch, committed),
    );
    return errorCode;
  }

  close(): void {
    this.#coordinator.close();
  }

  async #ask<Answer extends { readonly errorCode?: number }>(
    what: string,
    request: (connection: Connection) => Promise<Answer>,
    code = ({ errorCode = 0 }: Answer) => errorCode,
  ): Promise<Answer> {
    const answer = await this.#coordinator.ask(what, connection => responseOf(request(connection)));
    if (isMoved(code(answer))) this.#coordinator.forget();
    return answer;
  }
}

/** OPERATION_NOT_ATTEMPTED: because of another partition of the same request. */
const notAttempted = 55;

/** The code that says most. */
function codeOf(results: addPartitionsToTxnV3.AddPartitionsToTxnResponse['resultsByTransaction']): number {
  const codes = results.flatMap(({ topicResults }) =>
    topicResults.flatMap(({ resultsByPartition }) =>
      resultsByPartition.map(({ partitionErrorCode }) => partitionErrorCode),
    ),
  );
  return codes.find(code => code !== 0 && code !== notAttempted) ?? codes.find(code => code !== 0) ?? 0;
}
