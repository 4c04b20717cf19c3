/** Whether a statement, or a part of it, calls a function: what has to be ready for a rule depends on that. */
export const callsFunction = (part: unknown, name: string): boolean => {
  if (typeof part !== 'object' || part === null) return false;
  const { kind, name: called } = part as { kind?: unknown; name?: unknown };
  if (kind === 'call' && String(called).toLowerCase() === name) return true;
  return Object.values(part).some(each => callsFunction(each, name));
};
