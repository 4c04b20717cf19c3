/** A topic filter as a regular expression [MQTT-4.7.1]. */
export const compileFilter = (filter: string): RegExp =>
  new RegExp(`^${filter.replace(/[$.]/g, '\\$&').replaceAll('+', '[^/]*').replace(/\/?#$/, '(/.*)?')}$`);
