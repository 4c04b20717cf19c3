/** The flow of a bridge as its status shows it: figures for people, which change only when what they count does. */
import type { Flow } from '../observed/pod-figures.ts';
import { rateText, twoDigits } from '../observed/rate-text.ts';

export interface FlowTexts {
  readonly received: string;
  readonly delivered: string;
  readonly deadLettered: string;
  readonly dropped: string;
}

/** @param shown what the status says now */
export const flowTexts = (flow: Flow, shown: Partial<FlowTexts> | undefined): FlowTexts => ({
  received: rateText(flow.received, flow.seconds, shown?.received),
  delivered: rateText(flow.delivered, flow.seconds, shown?.delivered),
  deadLettered: twoDigits(flow.deadLettered),
  dropped: twoDigits(flow.dropped),
});
