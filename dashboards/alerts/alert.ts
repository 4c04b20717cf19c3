/** What an alert must say of itself. The rest, such as its runbook's address, follows from its name. */
import type { uids } from '../uids.ts';

export interface Alert {
  /** In CamelCase, beginning with what is unwell: Mkb (a bridge), Mqtt or Emqx (a broker), Kafka. Its runbook is called the same, in kebab-case. */
  readonly name: string;
  /** PromQL; what it returns fires, each series on its own. */
  readonly expr: string;
  /** How long it must be so; Prometheus' notation. */
  readonly for: string;
  /**
   * For how long it goes on firing when it is seen no more; Prometheus' notation. For what one more fault would hide: the lag of a group cannot
   * be had from a Kafka that is down, and is not gone for that.
   */
  readonly keepFiringFor?: string;
  /** critical: somebody must act now. warning: somebody must look today. */
  readonly severity: 'critical' | 'warning';
  /** Told apart from others of its name. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Where to look first. */
  readonly dashboard: keyof typeof uids;
  /** How far back its link has the dashboard go, seconds. An hour unless given. */
  readonly looksBack?: number;
  /** A sentence for a small screen. */
  readonly summary: string;
  /** What was seen, and what it means. */
  readonly description: string;
}

/** A query whose result is kept under a name of its own: level:metric:operation. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}
