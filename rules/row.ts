/** What goes into a rule and what comes out. */
import type { BridgeEvent } from './events.ts';
import type { KafkaRecord, Message } from './message.ts';
import type { ValueMap } from './value.ts';

/** What a rule reads. */
export type Input = Message | KafkaRecord | BridgeEvent;

/** Captured topic levels, in the order of the rule's `captureNames`; undefined for those that another source of the rule captures. */
export type Captures = readonly (string | undefined)[];

/** What a rule selected: values by name. What is undefined is left out. */
export type Row = ValueMap;
