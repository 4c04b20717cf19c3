/** `spec.schemas`: what `schema_decode`, `schema_encode` and `schema_check` in rules know by name. */
import type { Static } from 'typebox';
import { duration, list, optional, section, text, whole } from './fields.ts';
import { secret, tls } from './security.ts';

const registry = section(
  "A registry with Confluent's API. Messages begin with the id of their schema, which is fetched once and kept.",
  {
    url: text('The address of the registry.', {
      pattern: '^https?://[^/?#@\\s]+(/[^?#\\s]*)?$',
      expected: 'an address such as https://registry.example:8081',
      maxLength: 2000,
    }),
    subject: optional(
      text('The subject whose schema `schema_encode` writes with. Without it, messages are only read.'),
    ),
    version: optional(
      whole('The version of the subject to write with. Without it, the one that is latest when the bridge starts.', {
        minimum: 1,
        maximum: 2_147_483_647,
      }),
    ),
    auth: optional(
      section(
        'Who the bridge is to the registry.',
        {
          basic: optional(
            section('A user name and a password.', {
              username: text('The user name, or the name of an API key.'),
              password: secret('The password, or the secret of the API key.'),
            }),
          ),
          token: optional(secret('A bearer token. Read again for each request, so that a file may be renewed.')),
        },
        { exactlyOne: ['basic', 'token'] },
      ),
    ),
    tls: optional(tls('How an https:// registry is trusted. Without it, by the well-known authorities.')),
    requestTimeout: duration('How long the registry may take to answer.', { min: '1ms', max: '1h', default: '10s' }),
  },
);

const schema = section(
  'A schema under the name by which rules call it.',
  {
    name: text("The name: `schema_decode('name', payload)`.", {
      pattern: '^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?$',
      expected: 'up to 63 letters, digits, dots, underscores and dashes',
    }),
    json: optional(text('A JSON Schema, drafts 6 to 2020-12, as text.')),
    avro: optional(text('An Avro schema as text, which is JSON.')),
    protobuf: optional(text('The text of a .proto file. It may import nothing but google/protobuf/*.proto.')),
    registry: optional(registry),
  },
  { exactlyOne: ['json', 'avro', 'protobuf', 'registry'] },
);

export const schemas = list(schema, 'Schemas of messages, which rules decode, encode and check by name.', {
  key: 'name',
  default: [],
});

export type SchemaSection = Static<typeof schema>;
export type RegistrySection = Static<typeof registry>;
