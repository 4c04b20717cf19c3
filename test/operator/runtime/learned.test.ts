import { expect, it } from 'vitest';
import { ApiClient } from '../../../operator/runtime/client.ts';
import { Learned } from '../../../operator/runtime/learned.ts';
import { configOf } from '../support/scripted-api.ts';

const client = () => new ApiClient(configOf('http://127.0.0.1:1'));

it('what was learned is known of that client and that object only, until it is forgotten', () => {
  const learned = new Learned<number>();
  const [one, other] = [client(), client()];
  learned.set(one, 'a', 1);
  expect([learned.of(one, 'a'), learned.of(one, 'b'), learned.of(other, 'a')]).toEqual([1, undefined, undefined]);
  learned.set(one, 'a', undefined);
  expect(learned.of(one, 'a')).toBeUndefined();
});

it('no more is remembered than there is room, and what was learned last stays', () => {
  const learned = new Learned<number>(2);
  const one = client();
  for (const [index, key] of ['a', 'b', 'a', 'c'].entries()) learned.set(one, key, index);
  expect(['a', 'b', 'c'].map(key => learned.of(one, key))).toEqual([2, undefined, 3]);
});
