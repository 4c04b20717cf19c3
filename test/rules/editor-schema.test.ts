import { Check } from 'typebox/schema';
import { describe, expect, it } from 'vitest';
import { compileRule } from '../../rules/compile.ts';
import { editorSchema } from '../../rules/editor-schema.ts';
import { functionNames } from '../../rules/functions/registry.ts';
import { parseRule } from '../../rules/parser.ts';
import { documentOf } from '../api/support/documents.ts';

// biome-ignore lint/suspicious/noExplicitAny: any field of the schema is looked at
const { sql } = (editorSchema() as any).properties.spec.properties.rules.items.properties;
const snippets: { label: string; description: string; body: string }[] = sql.defaultSnippets;

/** As an editor writes it when nobody fills anything in. */
const written = (body: string): string => body.replaceAll(/\$\{\d:((?:[^}\\]|\\.)*)\}/g, '$1').replaceAll('\\}', '}');

describe('the schema for editors', () => {
  it('completes every function by its name', () => {
    const completed = snippets.map(({ label }) => /^SELECT (\w+)\($/.exec(label)?.[1]).filter(Boolean);
    expect(completed).toEqual(functionNames);
  });

  it('writes SQL', () => {
    for (const { body } of snippets) expect(() => parseRule(written(body))).not.toThrow();
  });

  it('writes statements that compile as they are', () => {
    const statements = snippets.filter(({ label }) => !label.endsWith('('));
    expect(statements.length).toBeGreaterThan(3);
    for (const { body } of statements) expect(() => compileRule(written(body))).not.toThrow();
  });

  it('says the same of a document as it did', () => {
    expect(Check(editorSchema(), documentOf())).toBe(true);
    expect(Check(editorSchema(), documentOf({ mqtt: {} }))).toBe(false);
  });
});
