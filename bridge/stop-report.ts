/** What a stop left behind. */
export interface StopReport {
  /** Messages that were read and are not acknowledged: a broker delivers those of QoS 1 and 2 again. */
  readonly unacknowledged: number;
  /** Records that were read and are not published: they are read again. */
  readonly unpublished: number;
  /** Whether `delivery.shutdownTimeout` ended it: something is left, or a side did not hear the end of it. */
  readonly late: boolean;
}
