/**
 * The JSON Schema of the document for editors, which complete from it what may be written: with the SQL of rules, the shapes of a statement and
 * every function. https://github.com/microsoft/vscode-json-languageservice (defaultSnippets), which the YAML language server takes as well.
 */
import { documentJsonSchema, type JsonSchema } from '../api/json-schema.ts';
import { setAt } from '../api/values.ts';
import { type FunctionEntry, signature } from './functions/define.ts';
import { functionGroups } from './functions/registry.ts';

interface Snippet {
  /** What is chosen from a list; a person who types finds it by its beginning. */
  readonly label: string;
  readonly description: string;
  /** What is written, with places to fill in: `${1:name}`. */
  readonly body: string;
}

const sqlPath = ['properties', 'spec', 'properties', 'rules', 'items', 'properties', 'sql', 'defaultSnippets'];

/** A new object each time. */
export function editorSchema(): JsonSchema {
  const schema = structuredClone(documentJsonSchema());
  setAt(schema, sqlPath, [...statements, ...functionGroups.flatMap(({ functions }) => functions.map(ofFunction))]);
  return schema;
}

const statements: readonly Snippet[] = [
  {
    label: 'SELECT payload',
    description: 'Forward messages as they are.',
    body: 'SELECT payload FROM "${1:vehicles/{clientid\\}}"',
  },
  {
    label: 'SELECT ... WHERE',
    description: 'Forward some fields of some messages.',
    body: 'SELECT payload.${1:speed} AS ${1:speed} FROM "${2:vehicles/#}" WHERE payload.${1:speed} > ${3:0}',
  },
  {
    label: 'LET ... SELECT',
    description: 'Name steps that stay out of the row.',
    body: 'LET ${1:step} = json_decode(payload.${2:data}) SELECT ${1:step}.${3:value} AS ${3:value} FROM "${4:vehicles/#}"',
  },
  {
    label: 'lag(...) OVER',
    description: 'The difference to the message before, for each device.',
    body: 'SELECT payload.${1:value} - lag(payload.${1:value}, 1, payload.${1:value}) OVER (PARTITION BY payload.${2:id}) AS ${3:difference} FROM "${4:vehicles/#}"',
  },
  {
    label: 'FOREACH',
    description: 'A row for each element of a list.',
    body: 'FOREACH payload.${1:items} AS ${2:item} DO ${2:item}.${3:id} AS ${3:id} FROM "${4:vehicles/#}"',
  },
  {
    label: 'SELECT ... GROUP BY',
    description: 'A row for each key and window of time.',
    body: 'SELECT ${1:vin}, COUNT(*) AS n FROM "vehicles/{${1:vin}\\}" GROUP BY ${1:vin}, TUMBLING(${2:10s})',
  },
];

const ofFunction = (entry: FunctionEntry): Snippet => ({
  label: `SELECT ${entry.name}(`,
  description: `${signature(entry)}\n${entry.description}`,
  body: `SELECT ${callOf(entry)} AS \${8:result} FROM "\${9:vehicles/#}"`,
});

const callOf = ({ name, parameters, rest }: FunctionEntry): string => {
  const needed = parameters
    .filter(({ optional }) => !optional)
    .map(({ name: word, type, lambda }) => (lambda ? type : word));
  const names = rest === undefined ? needed : [...needed, rest.name];
  return `${name}(${names.map((each, index) => `\${${index + 1}:${each}}`).join(', ')})`;
};
