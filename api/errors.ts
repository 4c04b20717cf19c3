/**
 * Every error the kit raises, once: what happened, whether trying again can help, and what a person can do.
 *
 * Code asks `error.code` and `error.kind`, never the text. The tables are in errors/, one for each part of the kit; together they are one
 * table, and docs/reference/errors.md is generated from it.
 */
import { bufferErrors } from './errors/buffer.ts';
import { clusterCommandErrors } from './errors/cluster-commands.ts';
import { deadLetterErrors } from './errors/dead-letters.ts';
import { demoErrors } from './errors/demo.ts';
import { doctorErrors } from './errors/doctor.ts';
import { documentErrors } from './errors/document.ts';
import type { ErrorEntry, ErrorKind } from './errors/entry.ts';
import { exporterErrors } from './errors/exporter.ts';
import { kafkaErrors } from './errors/kafka.ts';
import { kafkaTopicErrors } from './errors/kafka-topics.ts';
import { kafkaTransactionErrors } from './errors/kafka-transactions.ts';
import { kubernetesErrors } from './errors/kubernetes.ts';
import { listenErrors } from './errors/listen.ts';
import { mqttErrors } from './errors/mqtt.ts';
import { mqttPublisherErrors } from './errors/mqtt-publisher.ts';
import { processErrors } from './errors/process.ts';
import { reloadErrors } from './errors/reload.ts';
import { ruleErrors } from './errors/rules.ts';
import { schemaErrors } from './errors/schemas.ts';
import { statusErrors } from './errors/status.ts';
import { tableErrors } from './errors/tables.ts';
import { tapErrors } from './errors/tap.ts';
import { tlsErrors } from './errors/tls.ts';
import { verifyErrors } from './errors/verify.ts';

export const errors = {
  ...processErrors,
  ...documentErrors,
  ...ruleErrors,
  ...schemaErrors,
  ...tableErrors,
  ...tlsErrors,
  ...mqttErrors,
  ...mqttPublisherErrors,
  ...listenErrors,
  ...kafkaErrors,
  ...kafkaTopicErrors,
  ...kafkaTransactionErrors,
  ...bufferErrors,
  ...deadLetterErrors,
  ...exporterErrors,
  ...kubernetesErrors,
  ...statusErrors,
  ...clusterCommandErrors,
  ...demoErrors,
  ...doctorErrors,
  ...reloadErrors,
  ...tapErrors,
  ...verifyErrors,
};

export type ErrorCode = keyof typeof errors;

/** What an error's message is made of. */
export type ErrorDetails<C extends ErrorCode> = Parameters<(typeof errors)[C]['message']>[0];

const brand = Symbol.for('mqttkafkadev.error');

/** An error of the table. Known by `MkbError.is` across copies of this module. */
export class MkbError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C;
  readonly kind: ErrorKind;
  readonly remedy: string;
  readonly details: ErrorDetails<C>;

  constructor(code: C, details: ErrorDetails<C>, options?: { cause?: unknown }) {
    const entry: ErrorEntry = errors[code];
    super(entry.message(details), options);
    this.name = 'MkbError';
    this.code = code;
    this.kind = entry.kind;
    this.remedy = entry.remedy;
    this.details = details;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Whether `error` is of the table, and, when `code` is given, that very one. */
  static is<C extends ErrorCode>(error: unknown, code?: C): error is MkbError<C> {
    return (
      error instanceof Error &&
      (error as { [brand]?: boolean })[brand] === true &&
      (code === undefined || (error as MkbError).code === code)
    );
  }
}
