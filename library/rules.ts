/**
 * `mqtt-kafka-kit/rules`: the SQL of rules, without a bridge around it.
 *
 *     import { encodeJson, evaluateOnce, exampleMessage } from 'mqtt-kafka-kit/rules';
 *     const message = exampleMessage({ topic: 'cars/7', payload: '{"speed": 50}' });
 *     for (const row of evaluateOnce('SELECT payload.speed AS speed, vin FROM "cars/{vin}"', message)) console.log(encodeJson(row));
 *
 * docs/reference/rules.md has the language.
 */
export { compileRule } from '../rules/compile.ts';
export {
  type ExampleMessage,
  type ExampleOptions,
  evaluateEach,
  evaluateOnce,
  exampleMessage,
} from '../rules/example-message.ts';
export { encodeJson } from '../rules/json.ts';
export type { Message } from '../rules/message.ts';
export { placeOf, renderCaret } from '../rules/position.ts';
export type { Row, Rule } from '../rules/rule.ts';
export type { Value } from '../rules/value.ts';
