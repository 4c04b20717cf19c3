/** Errors: what schemas and the registries that keep them can meet. */
import { table } from './entry.ts';

/** Where in a schema: the place in its own terms, and the offset in its text (UTF-16 code units from 0) where that is known. */
export interface SchemaPlace {
  readonly at: string;
  readonly offset: number | undefined;
}

/** What a registry must be asked for: the schema of an id, or the id of a schema of the document under a subject. */
export interface PendingSchema {
  readonly name: string;
  readonly id: number | undefined;
  readonly registration?: { readonly schema: string; readonly subject: string };
}

export const schemaErrors = table({
  'schema-invalid': {
    kind: 'permanent',
    message: ({ name, language, at, reason }: SchemaPlace & { name: string; language: string; reason: string }) =>
      `The ${languages[language] ?? language} schema ${name} cannot be used${at === '' ? '' : `, at ${at}`}: ${reason}.`,
    remedy: 'Correct the text of the schema in spec.schemas.',
  },
  'schema-pending': {
    kind: 'retryable',
    message: ({ name, id, registration }: PendingSchema) => {
      if (registration) return `The registry behind ${name} does not have the schema ${registration.schema} yet.`;
      return id === undefined
        ? `The schema that ${name} writes with is not known yet.`
        : `Schema ${id} of the registry behind ${name} is not known yet.`;
    },
    remedy:
      'The bridge fetches it and goes on. mkb eval, repl and test ask no registry: a file of tests can give its schemas under `registry`.',
  },
  'registry-not-found': {
    kind: 'permanent',
    message: ({ name, meant }: { name: string; meant: string | undefined }) =>
      `No schema of the document that has a registry is named ${name}.${meant === undefined ? '' : ` Did you mean ${meant}?`}`,
    remedy: 'Use the name of an entry of spec.schemas with `registry`.',
  },
  'registry-unreachable': {
    kind: 'retryable',
    message: ({ url, reason }: { url: string; reason: string }) =>
      `The schema registry at ${url} cannot be reached: ${reason}.`,
    remedy: 'Check the address and the network; the bridge tries again, and holds the messages that need a schema.',
  },
  'registry-failed': {
    kind: 'retryable',
    message: ({ url, reason }: { url: string; reason: string }) =>
      `The schema registry does not answer ${url}: ${reason}.`,
    remedy: "Look at the registry's log; the bridge tries again, and holds the messages that need a schema.",
  },
  'registry-not-authorised': {
    kind: 'retryable',
    message: ({ url, status }: { url: string; status: number }) =>
      `The schema registry refuses ${url} with HTTP ${status}: we may not read it.`,
    remedy: 'Check spec.schemas[].registry.auth, and that this user may read the subject; the bridge tries again.',
  },
  'registry-schema-missing': {
    kind: 'permanent',
    message: ({ url }: { url: string }) => `The schema registry has nothing at ${url}.`,
    remedy: 'Check subject and version in spec.schemas; for a message, with which registry its publisher works.',
  },
  'registry-schema-refused': {
    kind: 'permanent',
    message: ({ url, reason }: { url: string; reason: string }) =>
      `The schema registry does not take the schema: ${reason} (${url}).`,
    remedy: 'Make the schema compatible with those of the subject, or allow the bridge to register schemas there.',
  },
  'registry-schema-invalid': {
    kind: 'permanent',
    message: ({ url, reason }: { url: string; reason: string }) => `The schema at ${url} cannot be used: ${reason}.`,
    remedy: 'Use a schema of Avro, Protobuf or JSON Schema that the kit can read; docs/reference/rules.md says which.',
  },
});

const languages: Readonly<Record<string, string>> = { json: 'JSON', avro: 'Avro', protobuf: 'Protobuf' };
