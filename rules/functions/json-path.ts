/** Values out of JSON and out of what carries JSON: JSONPath, and claims of a JWT. */
import { followJsonPath, type JsonPath, parseJsonPath } from '../formats/json-path.ts';
import { jsonOrUndefined } from '../json.ts';
import { readKey } from '../paths.ts';
import { isMap, isText, type Value } from '../value.ts';
import { any, custom, define, type FunctionEntry, optional, text } from './define.ts';

/** Nearly always a constant, so the last one is kept. */
const jsonPath = (name: string) => {
  let known: string | undefined;
  let path: JsonPath = [];
  return custom(name, 'text', value => {
    const source = text(name).read(value);
    if (source !== known) {
      path = parseJsonPath(source);
      known = source;
    }
    return path;
  });
};

const longestToken = 65_536;

/** The second of three parts, which is JSON in base64url. */
const claimsOf = (token: string): Value => {
  if (token.length > longestToken) return undefined;
  const parts = token.split('.');
  if (parts.length !== 3 || !/^[\w-]+$/.test(parts[1]!)) return undefined;
  const claims = jsonOrUndefined(Buffer.from(parts[1]!, 'base64url'));
  return isMap(claims) ? claims : undefined;
};

const byPath = (value: Value, path: string): Value => path.split('.').reduce<Value>(readKey, value);

export const jsonPathFunctions: readonly FunctionEntry[] = [
  define({
    name: 'json_value',
    parameters: [any('text'), text('path')],
    returns: 'any',
    description:
      'The value of JSON text under a path of keys with dots between them; undefined if there is none, or the text is not JSON.',
    examples: [['json_value(\'{"a": {"b": 1}}\', \'a.b\')', 1]],
    call: ([value, path]) => byPath(value, path),
  }),
  define({
    name: 'json_path',
    parameters: [any('value'), jsonPath('path')],
    returns: 'list',
    description:
      'All values that a JSONPath (RFC 9535, without filters) selects of a value or of JSON text; an empty list if there is none, or the text is not JSON. In JSONPath positions count from 0. The first of them is `json_path(...)[1]`.',
    examples: [
      ["json_path({a: [{b: 1}, {b: 2}]}, '$.a[*].b')", [1, 2]],
      ['json_path(\'{"a": {"b": 1}, "c": {"b": 2}}\', \'$..b\')', [1, 2]],
      ["json_path({a: [1, 2, 3]}, '$.a[-1]')[1]", 3],
    ],
    call: ([value, path]) => {
      const decoded = isText(value) ? jsonOrUndefined(value) : value;
      return decoded === undefined ? [] : followJsonPath(decoded, path);
    },
  }),
  define({
    name: 'jwt_value',
    parameters: [text('token'), optional(text('claim'))],
    returns: 'any',
    description:
      'A claim of a JWT by its name, or by a path of names with dots between them; all claims without a name. The signature is not verified: it is for devices that the broker has already let in. Undefined if the text is no JWT or has no such claim.',
    examples: [
      ["jwt_value('eyJhbGciOiJub25lIn0.eyJzdWIiOiJkZXYtNyJ9.', 'sub')", 'dev-7'],
      ["jwt_value('no token', 'sub')", undefined],
    ],
    call: ([token, claim]) => {
      const claims = claimsOf(token);
      if (claim === undefined || !isMap(claims)) return claims;
      return Object.hasOwn(claims, claim) ? claims[claim] : byPath(claims, claim);
    },
  }),
];
