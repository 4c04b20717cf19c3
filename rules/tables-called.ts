/** Names of the tables that a statement looks values up in, in the order of the SQL, each once. They are constants. */
export const tablesCalled = (statement: unknown): readonly string[] => [...new Set(calledIn(statement))];

function* calledIn(part: unknown): Generator<string> {
  if (typeof part !== 'object' || part === null) return;
  const { kind, name, parameters } = part as { kind?: unknown; name?: unknown; parameters?: readonly unknown[] };
  if (kind === 'call' && name === 'lookup') yield String((parameters?.[0] as { value?: unknown } | undefined)?.value);
  for (const each of Object.values(part)) yield* calledIn(each);
}
