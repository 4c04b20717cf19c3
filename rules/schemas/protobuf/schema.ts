/**
 * Protobuf schemas: the text of a .proto file, versions 2 and 3 and the editions, to its types of messages.
 *
 * A text in a document is one file: it may import what Google's own files hold (`google/protobuf/timestamp.proto`), and, from a registry, the
 * files that come with it.
 */
import protobuf from 'protobufjs';
import { SchemaFault } from '../fault.ts';

/** A further file, under the name by which it is imported. */
export interface ProtoFile {
  readonly name: string;
  readonly text: string;
}

export interface ProtoTypes {
  /** Messages of the file in their order, each by its name without the package; those within a message as `Outer.Inner`. */
  readonly names: readonly string[];
  /** A message by that name, or with its package; undefined if there is none. */
  find(name: string): protobuf.Type | undefined;
}

/** Throws SchemaFault. */
export const parseProto = (text: string, files: readonly ProtoFile[] = []): ProtoTypes => {
  const root = new protobuf.Root();
  const imported = new Set<string>();
  for (const file of files) {
    const { imports } = parseInto(root, file.text, `in ${file.name}: `);
    for (const name of imports) imported.add(name);
  }
  // On its own first: in the root it shares its package with other files, which have messages of their own.
  const own = parseInto(new protobuf.Root(), text);
  parseInto(root, text);
  const given = new Set(files.map(({ name }) => name));
  for (const name of [...imported, ...own.imports]) if (!given.has(name)) addCommon(root, name);
  try {
    root.resolveAll();
  } catch (cause) {
    throw new SchemaFault('', (cause as Error).message, { cause });
  }
  const prefix = own.package === '' ? '' : `${own.package}.`;
  const types = new Map(own.names.map(name => [name, root.lookupType(prefix + name)]));
  if (types.size === 0) throw new SchemaFault('', 'it has no message');
  return { names: own.names, find: name => types.get(name) ?? types.get(withoutPrefix(name, prefix)) };
};

const withoutPrefix = (name: string, prefix: string): string =>
  name.startsWith(prefix) ? name.slice(prefix.length) : name;

interface ParsedFile {
  readonly package: string;
  readonly imports: readonly string[];
  readonly names: readonly string[];
}

const parseInto = (root: protobuf.Root, text: string, where = ''): ParsedFile => {
  try {
    const { package: named = '', imports = [] } = protobuf.parse(text, root, { keepCase: true });
    const top = named === '' ? root : (root.lookup(named) as protobuf.Namespace | null);
    return { package: named, imports, names: top === null ? [] : namesIn(top, '') };
  } catch (cause) {
    const { message } = cause as Error;
    const line = Number(/\(line (\d+)\)$/.exec(message)?.[1] ?? Number.NaN);
    const offset = where === '' && line > 0 ? offsetOfLine(text, line) : undefined;
    throw new SchemaFault('', where + message + hintFor(text), { offset, cause });
  }
};

/** Version 2, which text without a version is of, is stricter than most who leave it out expect. */
const hintFor = (text: string): string =>
  /\b(syntax|edition)\s*=/.test(text)
    ? ''
    : '; without `syntax = "proto3";` each field needs one of the words optional, required, repeated';

const namesIn = (namespace: protobuf.NamespaceBase, prefix: string): string[] =>
  namespace.nestedArray.flatMap(each =>
    each instanceof protobuf.Type ? [prefix + each.name, ...namesIn(each, `${prefix}${each.name}.`)] : [],
  );

/** Of the first character of a line that is no space. */
const offsetOfLine = (text: string, line: number): number => {
  const lines = text.split('\n');
  const before = lines.slice(0, line - 1).reduce((length, each) => length + each.length + 1, 0);
  return before + ((lines[line - 1] ?? '').search(/\S/) + 1 || 1) - 1;
};

/** Google's own files, which protobufjs brings along. */
const addCommon = (root: protobuf.Root, name: string): void => {
  const common = protobuf.common.get(name);
  if (common === null || common.nested === undefined)
    throw new SchemaFault('', `it imports ${name}, but a schema is one file; put what it needs into it`);
  root.addJSON(common.nested);
};
