/**
 * What becomes of the batches of a request, by what its broker answered, or that it did not.
 *
 * Failures that pass are retried for ever, in place: the lane keeps its head batch and so its order. What can never be written is halved, or failed.
 */
import { MkbError } from '../../api/errors.ts';
import { backoffMs } from '../../network/backoff.ts';
import { failureText } from '../../network/connect-failure.ts';
import { errorName, reactionTo, refuses } from '../../network/kafka/error-codes.ts';
import type { Cluster } from './cluster.ts';
import type { FinalFailures } from './final-failures.ts';
import type { GivingUp } from './giving-up.ts';
import type { Numbers } from './identity.ts';
import type { Lane } from './lane.ts';
import type { Link } from './link.ts';
import type { PartitionResult, ProduceAnswer } from './produce-api.ts';
import { type ProducerHandler, type ProducerOptions, requestLimit } from './producer-options.ts';
import type { RecordBatch } from './record-batch.ts';
import type { Lost, Requests } from './requests.ts';

/** What a record is larger than that ended one connection after the other. */
const hangsUp = 'its broker takes, which ends each connection that it comes over';

export interface AnswersParts {
  readonly cluster: Cluster;
  readonly identity: Numbers;
  readonly failures: FinalFailures;
  readonly givingUp: GivingUp;
  readonly requests: Requests;
  readonly now: () => number;
}

export interface AnswersHost {
  /** A lane holds no records any more. */
  emptied(lane: Lane): void;
  /** All lanes of a request have been dealt with, and others may be due. */
  changed(): void;
}

export class Answers {
  readonly #options: ProducerOptions;
  readonly #handler: ProducerHandler;
  readonly #parts: AnswersParts;
  readonly #host: AnswersHost;

  constructor(options: ProducerOptions, handler: ProducerHandler, parts: AnswersParts, host: AnswersHost) {
    this.#options = options;
    this.#handler = handler;
    this.#parts = parts;
    this.#host = host;
  }

  /** A request is not under way any more. */
  answered(link: Link, lanes: readonly Lane[], outcome: ProduceAnswer | Lost): void {
    if ('error' in outcome) this.#lost(link, lanes, outcome);
    else if (this.#options.acks === 'none') for (const lane of lanes) this.#delivered(lane);
    else this.#judge(link, lanes, outcome);
    this.#handler.settled();
    this.#host.changed();
  }

  #lost(link: Link, lanes: readonly Lane[], { error: cause, ended, limited }: Lost): void {
    const { address } = link;
    this.#handler.problem(new MkbError('kafka-unreachable', { address, reason: failureText(cause) }, { cause }));
    if (limited) this.#handler.problem(new MkbError('kafka-requests-too-large', { address, ...limited }));
    for (const lane of lanes) {
      if (ended && this.#parts.requests.blames(link, lane))
        this.#retire(lane, this.#parts.failures.tooLarge(lane, hangsUp));
      else this.#retry(lane, cause.message);
    }
    this.#parts.cluster.refresh();
  }

  /** The lanes' next batches are larger than a request may be. */
  tooLarge(lanes: readonly Lane[]): void {
    const limit = requestLimit(this.#options.maxRequestBytes);
    for (const lane of lanes) this.#retire(lane, this.#parts.failures.tooLarge(lane, limit));
    this.#handler.settled();
    this.#host.changed();
  }

  #judge(link: Link, lanes: readonly Lane[], answer: ProduceAnswer): void {
    if (answer.throttleMs > 0) link.throttledUntil = this.#parts.now() + answer.throttleMs;
    for (const lane of lanes) {
      const result = answer.results.find(
        ({ topic, partition }) => topic === lane.topic && partition === lane.partition,
      );
      if (result) this.#react(link, lane, result);
      else this.#retry(lane, 'the answer does not name it');
    }
  }

  #react(link: Link, lane: Lane, result: PartitionResult): void {
    const reaction = reactionTo(result.errorCode);
    // Sent once, it repeats nothing: the broker has counted the number for other records.
    const repeated = reaction === 'repeated' && lane.sends > 1;
    if (reaction === 'none' || repeated) {
      this.#delivered(lane);
      return;
    }
    if (reaction === 'split') {
      this.#retire(lane, this.#parts.failures.tooLarge(lane, 'the topic takes'));
      return;
    }
    if (refuses(result.errorCode, 'record')) {
      this.#retire(lane, this.#parts.failures.refused(lane, result));
      return;
    }
    if (reaction === 'renew' || reaction === 'repeated') this.#renumber(lane);
    // Denied: somebody may be changing rights at this moment, and it may be another topic by now.
    if (reaction === 'refresh' || reaction === 'denied') this.#parts.cluster.refresh();
    if (reaction === 'reconnect') link.replace();
    const reason = errorName(result.errorCode);
    this.#handler.problem(
      new MkbError('kafka-request-failed', {
        what: `write to partition ${lane.partition} of ${lane.topic}`,
        reason: result.errorMessage ?? reason,
      }),
    );
    this.#retry(lane, reason);
    // A number of ours that it does not take is no word against the topic.
    if (reaction !== 'renew' && reaction !== 'repeated') this.#parts.givingUp.refused(lane, reason);
  }

  /** The lane's head gets another number, under a new producer id. */
  #renumber(lane: Lane): void {
    this.#parts.identity.renew(lane.identity);
    lane.unnumber();
  }

  #delivered(lane: Lane): void {
    const batch = lane.settleHead(true);
    this.#handler.delivered(batch.tokens);
    this.#retire(lane, batch);
  }

  #retry(lane: Lane, reason: string): void {
    lane.sending = false;
    lane.trouble = reason;
    const { minDelayMs, maxDelayMs } =
      this.#handler.retryOf?.(lane.head?.tokens[0] ?? 0)?.backoff ?? this.#options.cluster.retry;
    lane.blockedUntil = this.#parts.now() + backoffMs(lane.failures++, minDelayMs, maxDelayMs);
  }

  #retire(lane: Lane, batch: RecordBatch): void {
    batch.release();
    if (lane.empty) this.#host.emptied(lane);
  }
}
