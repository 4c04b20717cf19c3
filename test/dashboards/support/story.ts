/** What stories of alerts about bridges are made of. */
import type { AlertCase } from './promtool.ts';

interface Story extends Omit<AlertCase, 'alert'> {
  /** What happens; the end of "fires when" or "keeps quiet when". */
  readonly when: string;
}

export interface AlertStories {
  readonly alert: string;
  readonly stories: readonly Story[];
}

export const mkb = (metric: string, labels = ''): string =>
  `mkb_${metric}{bridge="b",instance="i",job="bridge"${labels && `,${labels}`}}`;
/** A metric that each source has. */
export const of = (source: string, metric: string, labels = ''): string =>
  mkb(metric, `source="${source}"${labels && `,${labels}`}`);
export const own = { bridge: 'b', instance: 'i' };
export const seen = { ...own, job: 'bridge' };
export const critical = { severity: 'critical' };
export const warning = { severity: 'warning' };
export const quiet = [] as const;
