// A line that others joined for as long as its rule was slower than its source kept the bytes of every message that had gone on.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { type InLine, Line } from '../../../bridge/flow/line.ts';
import { until } from '../../real/until.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('a message that has gone on is let go, even if the line is never empty', async () => {
  const line = new Line();
  const gone: WeakRef<InLine>[] = [];
  let stopped = false;
  const join = (slot: number): void => {
    const message = {
      slot,
      isGone: false,
      wentOn: () => undefined,
      goOn: () => {
        if (stopped) return undefined;
        // Another one came meanwhile.
        join(slot + 1);
        return undefined;
      },
    };
    if (gone.length < 50) gone.push(new WeakRef(message));
    line.join(message, 'turn');
  };
  join(0);
  // Each of these turns lets some go on, and ends with one that waits.
  await until('they are let go', () => {
    collect();
    return gone.length === 50 && gone.every(each => each.deref() === undefined);
  });
  expect(line.empty).toBe(false);
  stopped = true;
});
