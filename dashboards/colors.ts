/** Colours of names that come again in several panels: each has its own, and no two of a panel have the same. */

/** Of the reasons for which messages are lost. */
export const lossColors: Readonly<Record<string, string>> = {
  rule_failed: '#C4162A',
  state_full: '#FA6400',
  record_too_large: '#E0B400',
  record_refused: '#A352CC',
  not_authorised: '#1F60C4',
  unknown_topic: '#00A3A3',
  retries_exhausted: '#E0529C',
  dead_letter_failed: '#7A4B2A',
  buffer_full: '#8AB8FF',
  buffer_expired: '#56A64B',
  buffer_unreadable: '#6E6E6E',
};

/** Of the reasons for which document and rules mean a message to go nowhere. */
export const intendedColors: Readonly<Record<string, string>> = {
  filtered: '#3274D9',
  no_rule: '#8E8E8E',
  other_copy: '#56A64B',
  old_subscription: '#E0B400',
  retained: '#A352CC',
  aggregated: '#00A3A3',
  expired: '#FA6400',
};

/** Of the sources of messages. */
export const sourceColors: Readonly<Record<string, string>> = {
  mqtt: '#3274D9',
  kafka: '#56A64B',
  events: '#E0B400',
  windows: '#A352CC',
};

/** Of the reasons for which a buffer drops messages; those that are a loss of the pipeline too as there. */
export const bufferColors: Readonly<Record<string, string>> = {
  full: lossColors.buffer_full!,
  expired: lossColors.buffer_expired!,
  unreadable: lossColors.buffer_unreadable!,
  torn: '#FA6400',
};
