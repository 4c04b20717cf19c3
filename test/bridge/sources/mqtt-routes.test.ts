import { describe, expect, test } from 'vitest';
import { completeDocument } from '../../../api/complete.ts';
import { type BindSink, BoundRule } from '../../../bridge/flow/bound-rule.ts';
import { NamedSubscriptions } from '../../../bridge/mqtt/named-subscriptions.ts';
import { MqttRoutes } from '../../../bridge/sources/mqtt-routes.ts';
import { planSubscriptions } from '../../../bridge/sources/mqtt-subscriptions.ts';

const share = undefined;
const noSink = {} as ReturnType<BindSink>;

/** For each rule's FROM: which rules a copy goes through that is for these filters. */
function stage(...froms: string[][]) {
  const { spec } = completeDocument({
    metadata: { name: 'b' },
    spec: {
      rules: froms.map((from, index) => ({
        name: `r${index + 1}`,
        sql: `SELECT payload FROM ${from.map(filter => `"${filter}"`).join(', ')}`,
        sinks: [{ kafka: { topic: 't' } }],
      })),
    },
  });
  const rules = spec.rules.map((rule, index) => new BoundRule(rule, index + 1, () => noSink));
  const plan = planSubscriptions(
    rules.flatMap(rule => rule.filters.map(({ filter }) => filter)),
    { share, qos: 1 },
  );
  const routes = new MqttRoutes(rules, plan.ownerOf);
  const copyFor = (topic: string, ...filters: string[]) => {
    const named = new NamedSubscriptions();
    const identifiers = filters.map(filter => plan.subscriptions.find(each => each.filter === filter)!.identifier!);
    named.identifiers.set(identifiers);
    named.count = identifiers.length;
    return routes.for(topic, named).map(({ rule }) => rule.name);
  };
  return { copyFor, subscribed: plan.subscriptions.map(({ filter }) => filter) };
}

describe('a message that matches several subscriptions', () => {
  // Each copy went through all rules: with two rules four records were written for each message.
  test('goes through each rule once, whether copies come one by one or as one', () => {
    const { copyFor } = stage(['x/+/b'], ['x/a/+'], ['x/a/b']);
    expect(copyFor('x/a/b', 'x/+/b')).toEqual(['r1', 'r3']);
    expect(copyFor('x/a/b', 'x/a/+')).toEqual(['r2']);
    expect(copyFor('x/a/b', 'x/a/+', 'x/+/b')).toEqual(['r1', 'r2', 'r3']);
    expect(copyFor('x/a/c', 'x/a/+')).toEqual(['r2']);
  });

  test('goes through a rule that reads both filters once', () => {
    const { copyFor } = stage(['x/+/b', 'x/a/+']);
    expect([copyFor('x/a/b', 'x/+/b'), copyFor('x/a/b', 'x/a/+')]).toEqual([['r1'], []]);
    expect(copyFor('x/a/c', 'x/a/+')).toEqual(['r1']);
  });

  test('goes through the rules of a filter that another covers, by that other', () => {
    const { copyFor, subscribed } = stage(['x/#'], ['x/+'], ['x/1', 'y']);
    expect(subscribed).toEqual(['x/#', 'y']);
    expect(copyFor('x/1', 'x/#')).toEqual(['r1', 'r2', 'r3']);
    expect(copyFor('y', 'y')).toEqual(['r3']);
  });

  // A broker knows no filter for a part of a level, so topics come that no rule reads.
  test('goes through the rules that read a part of its level, and no others', () => {
    const { copyFor, subscribed } = stage(['x/in:{a}', 'x/{b}/c'], ['x/out:{a}'], ['x/+']);
    expect(subscribed).toEqual(['x/+', 'x/+/c']);
    expect(copyFor('x/in:1', 'x/+')).toEqual(['r1', 'r3']);
    expect(copyFor('x/out:1', 'x/+')).toEqual(['r2', 'r3']);
    expect(copyFor('x/in:', 'x/+')).toEqual(['r3']);
    expect(copyFor('x/out:1/c', 'x/+/c')).toEqual(['r1']);
  });

  test('goes through all rules of its topic when the copy does not say what it is for', () => {
    const { copyFor } = stage(['x/+/b'], ['x/a/+']);
    expect(copyFor('x/a/b')).toEqual(['r1', 'r2']);
  });
});
