import { describe, expect, it } from 'vitest';
import type { ObservedPod } from '../../../operator/observed/observed-objects.ts';
import { PodFigures } from '../../../operator/observed/pod-figures.ts';

const pod = (name: string): ObservedPod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', uid: name },
  ready: true,
  ip: name,
  trouble: undefined,
  beginning: false,
  withoutUsers: false,
  crash: undefined,
  startedFor: undefined,
  askedFor: undefined,
});

const page = (
  received: number,
  { mqtt = 1, kafka = 1, dropped = 0 } = {},
) => `# TYPE mkb_messages_received_total counter
mkb_messages_received_total{bridge="cars",source="mqtt"} ${received}
mkb_messages_delivered_total{bridge="cars",source="mqtt"} ${received}
mkb_messages_dead_lettered_total{bridge="cars",source="mqtt"} 1
mkb_messages_dropped_total{bridge="cars",source="mqtt",reason="filtered"} 500
mkb_messages_dropped_total{bridge="cars",source="mqtt",reason="rule_failed"} ${dropped}
mkb_mqtt_connected{bridge="cars"} ${mqtt}
mkb_kafka_connected{bridge="cars"} ${kafka}
`;

/** Two Pods of one bridge, whose pages a test sets. */
function stage() {
  const pages = new Map<string, string>();
  const told: string[] = [];
  const asked: string[] = [];
  let now = 0;
  const pods = [pod('a'), pod('b')];
  const figures = new PodFigures({
    pods: () => new Map([['shop/cars', pods]]),
    fetchText: async url => {
      asked.push(url);
      const found = pages.get(new URL(url).hostname);
      if (found === undefined) throw new Error('no answer');
      return found;
    },
    onChange: key => told.push(key),
    now: () => now,
    intervalMs: 10_000,
  });
  const ask = async (answers: Record<string, string>, seconds = 10) => {
    now += seconds * 1000;
    pages.clear();
    for (const [name, text] of Object.entries(answers)) pages.set(name, text);
    await figures.ask(new AbortController().signal);
    return figures.of('shop/cars');
  };
  return { ask, told, asked };
}

describe('figures of Pods', () => {
  it('are the sum of all of them, as rates between two looks', async () => {
    const { ask, asked } = stage();
    expect((await ask({ a: page(100), b: page(50) })).flow).toBeUndefined();
    const { flow } = await ask({ a: page(1100), b: page(550, { dropped: 3 }) });
    expect(flow).toMatchObject({ received: 150, delivered: 150, deadLettered: 2, dropped: 3, seconds: 10 });
    expect(asked[0]).toMatch(/^http:\/\/[ab]:9400\/metrics$/);
  });

  it('count records from Kafka as well, and of what a bridge makes itself only what failed', async () => {
    const { ask } = stage();
    const of = (
      source: string,
      count: number,
    ) => `mkb_messages_received_total{bridge="cars",source="${source}"} ${count}
mkb_messages_delivered_total{bridge="cars",source="${source}"} ${count}
mkb_messages_dead_lettered_total{bridge="cars",source="${source}"} 5
mkb_messages_dropped_total{bridge="cars",source="${source}",reason="filtered"} 500
mkb_messages_dropped_total{bridge="cars",source="${source}",reason="rule_failed"} 7
`;
    const all = (count: number) =>
      page(count) + of('kafka', 2 * count) + of('windows', 7 * count) + of('events', count);
    await ask({ a: all(0) });
    const { flow } = await ask({ a: all(1000) });
    expect(flow).toMatchObject({ received: 300, delivered: 300, deadLettered: 16, dropped: 21 });
  });

  it('are connected only if every Pod that answers is', async () => {
    const { ask } = stage();
    expect((await ask({ a: page(0), b: page(0, { kafka: 0 }) })).connections).toEqual({ mqtt: true, kafka: false });
    expect((await ask({ a: page(0) })).connections).toEqual({ mqtt: true, kafka: true });
    expect((await ask({})).connections).toEqual({ mqtt: undefined, kafka: undefined });
  });

  it('count a process that was started again from zero', async () => {
    const { ask } = stage();
    await ask({ a: page(100_000) });
    expect((await ask({ a: page(50) })).flow).toMatchObject({ received: 5 });
  });

  it('are asked of each Pod once in an interval', async () => {
    const { ask, asked } = stage();
    await ask({ a: page(0) });
    await ask({ a: page(0) }, 5);
    expect(asked).toHaveLength(2);
    expect((await ask({ a: page(100) }, 5)).flow).toMatchObject({ received: 10 });
    expect(asked).toHaveLength(4);
  });

  it('have a bridge looked at only when they say something new', async () => {
    const { ask, told } = stage();
    await ask({ a: page(0) });
    await ask({ a: page(1000) });
    expect(told).toHaveLength(2);
    await ask({ a: page(2040) });
    await ask({ a: page(3010) });
    expect(told).toHaveLength(2);
    await ask({ a: page(3010) });
    expect(told).toHaveLength(3);
    await ask({ a: page(3010, { mqtt: 0 }) });
    expect(told).toHaveLength(4);
  });
});
