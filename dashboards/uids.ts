/**
 * The dashboards' uids. They are part of links in alerts and in people's bookmarks, and never change. Alone in this file, so that who
 * writes alerts needs none of the packages that draw dashboards.
 */
export const uids = {
  pipeline: 'mkb-pipeline',
  vehicles: 'mkb-vehicles',
  broker: 'mkb-mqtt-broker',
  kafka: 'mkb-kafka',
  operator: 'mkb-operator',
  runbooks: 'mkb-runbooks',
} as const;
