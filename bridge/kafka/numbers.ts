/** What numbers the batches of a producer: an id of no transaction, or the transaction that all its records are part of. */
import type { Cluster } from './cluster.ts';
import { Identity, identitiesOf, type Numbers } from './identity.ts';
import type { ProducerHandler, ProducerOptions } from './producer-options.ts';
import { Transaction } from './transaction.ts';
import { TransactionCalls } from './transaction-calls.ts';

/** @param ready called when batches may be sent that had to wait */
export function numbersOf(
  { cluster: options, idempotent, transaction: of }: ProducerOptions,
  cluster: Cluster,
  handler: ProducerHandler,
  ready: () => void,
): { readonly numbers: Numbers; readonly transaction: Transaction | undefined } {
  const { retry } = options;
  const problem: ProducerHandler['problem'] = error => handler.problem(error);
  if (of === undefined) {
    const numbers = new Identity(idempotent, identitiesOf(cluster), retry, { renewed: ready, problem });
    return { numbers, transaction: undefined };
  }
  const transaction = new Transaction(of, new TransactionCalls(of.id, cluster, options), retry, {
    admitted: ready,
    doomed: error => handler.doomed?.(error),
    problem,
  });
  return { numbers: transaction, transaction };
}
