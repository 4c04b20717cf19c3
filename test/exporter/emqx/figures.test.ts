import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  actionFigures,
  brokerFigures,
  nodeFigures,
  resourceFigures,
  resourcesOf,
  ruleFigures,
  rulesOf,
} from '../../../exporter/emqx/figures.ts';
import { exporterMetricTable } from '../../../exporter/metrics.ts';

test('figures of a broker have the names that every broker has', () => {
  expect(
    brokerFigures([{ node: 'a', 'live_connections.count': 3, 'connections.count': 9, 'topics.count': 1 }]),
  ).toEqual([{ metric: 'mqtt_broker_connections', labels: { node: 'a' }, value: 3 }]);
});

test('a node that does not run is down', () => {
  expect(nodeFigures([{ node: 'a', node_status: 'stopped' }])).toEqual([
    { metric: 'emqx_node_up', labels: { node: 'a' }, value: 0 },
  ]);
});

test('an action that is connected on one node of two is up there only', () => {
  const node_status = [
    { node: 'a', status: 'connected' },
    { node: 'b', status: 'connecting' },
  ];
  const [action] = resourcesOf([{ type: 't', name: 'n', enable: false, node_status }]);
  expect(resourceFigures('action', action!).map(({ metric, labels, value }) => [metric, labels.node, value])).toEqual([
    ['emqx_action_enabled', undefined, 0],
    ['emqx_action_up', 'a', 1],
    ['emqx_action_up', 'b', 0],
  ]);
});

/** Everything at once, of answers of any shape. */
const all = (answer: unknown) => [
  ...brokerFigures(answer),
  ...nodeFigures(answer),
  ...ruleFigures('r', answer),
  ...rulesOf(answer).rules,
  ...resourcesOf(answer).flatMap(each => [
    ...resourceFigures('action', each),
    ...resourceFigures('connector', each),
    ...actionFigures(each, answer),
  ]),
];

test('no answer makes it fail, and no value is anything but a number from 0', () => {
  const name = fc.constantFrom(
    'node',
    'metrics',
    'node_metrics',
    'node_status',
    'matched',
    'data',
    'meta',
    'uptime',
    'name',
  );
  const { answer } = fc.letrec(tie => ({
    answer: fc.oneof(
      { depthSize: 'small' },
      fc.jsonValue(),
      fc.array(tie('answer')),
      fc.dictionary(name, tie('answer')),
    ),
  }));
  fc.assert(
    fc.property(answer, one => {
      for (const figure of all(one)) if ('value' in figure) expect(figure.value).toBeGreaterThanOrEqual(0);
    }),
  );
});

test('every metric is in the table, with the same labels', () => {
  const labels = new Map(exporterMetricTable.map(entry => [entry.name, entry.labels]));
  const zeros = new Proxy({}, { get: () => 0 });
  const metrics = { node_metrics: [{ node: 'a', metrics: zeros }] };
  const [resource] = resourcesOf([{ type: 't', name: 'n', node_status: [{ node: 'a', status: 'connected' }] }]);
  const figures = [
    ...nodeFigures([{ node: 'a', node_status: 'running', uptime: 1 }]),
    ...ruleFigures('r', metrics),
    ...actionFigures(resource!, metrics),
    ...resourceFigures('action', resource!),
    ...resourceFigures('connector', resource!),
  ];
  expect(figures.length).toBeGreaterThan(20);
  for (const figure of figures) expect(['target', ...Object.keys(figure.labels)]).toEqual(labels.get(figure.metric));
});
