import { code } from '../codes.ts';
import { defineApi } from './api.ts';

interface Answer {
  readonly error: number;
  readonly producerId: number;
}

/** InitProducerId: a number for an idempotent producer, never given twice. There are no transactions here, and a client gets that for an answer. */
export const initProducerId = defineApi<{ readonly transactionalId: string | null }, Answer>({
  name: 'InitProducerId',
  versions: [0, 4],
  flexibleFrom: 2,

  // What follows the transactional id matters to transactions only: Kafka too gives a new id with epoch 0 without one.
  read: from => ({ transactionalId: from.textOrNull() }),

  act({ transactionalId }, { cluster, faults }) {
    const error = transactionalId === null ? faults.instead() : code.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    return { error, producerId: error === code.NONE ? cluster.nextProducerId() : -1 };
  },

  write(to, { error, producerId }) {
    to.throttle()
      .appendInt16(error)
      .offset(producerId)
      .appendInt16(error === code.NONE ? 0 : -1);
  },
});
