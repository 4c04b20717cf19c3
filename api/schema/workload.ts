/** Settings of everything that the operator runs in Pods. */
import { optional, passedOn, text } from './fields.ts';

export const image = (what: string) =>
  optional(
    text(`The container image of ${what}. Default: the one of the operator's configuration when it was first created.`),
  );

export const resources = () => optional(passedOn('CPU and memory as Kubernetes takes them: `requests` and `limits`.'));

export const podTemplate = () =>
  optional(
    passedOn('Anything else of a Pod (`metadata` and `spec`), merged over what the operator makes; lists by name.'),
  );
