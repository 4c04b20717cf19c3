/** From the configuration of another bridge to documents: which one it is, and what comes of it. Pure: text in, text out. */
import { parse as parseToml } from 'smol-toml';
import { Document, parseAllDocuments } from 'yaml';
import type { Draft } from './draft.ts';
import { fromEmqx, isEmqx } from './emqx.ts';
import { parseHocon } from './hocon.ts';
import { fromKafkaConnect, isConnector } from './kafka-connect.ts';
import { fromRedpandaConnect, isStream } from './redpanda-connect.ts';
import { fromTelegraf, isTelegraf } from './telegraf.ts';

export interface Converted {
  /** The other bridge, for people. */
  readonly from: string;
  readonly drafts: readonly Draft[];
}

type Tree = Readonly<Record<string, unknown>>;

/** Converts a text, in whichever of the formats it is; undefined if it is none of them. */
export function convert(text: string): Converted | undefined {
  for (const parse of [yamlTrees, tomlTrees, hoconTrees]) {
    const trees = parse(text);
    const converted = trees === undefined ? undefined : fromTrees(trees);
    if (converted !== undefined) return converted;
  }
  return undefined;
}

function fromTrees(trees: readonly Tree[]): Converted | undefined {
  const connectors = trees.filter(isConnector);
  if (connectors.length > 0) return { from: 'Kafka Connect', drafts: connectors.map(fromKafkaConnect) };
  const streams = trees.filter(isStream);
  if (streams.length > 0) return { from: 'Redpanda Connect', drafts: streams.map(fromRedpandaConnect) };
  const [agent] = trees.filter(isTelegraf);
  if (agent !== undefined) return { from: 'Telegraf', drafts: fromTelegraf(agent) };
  const [emqx] = trees.filter(isEmqx);
  return emqx === undefined ? undefined : { from: 'EMQX', drafts: [fromEmqx(emqx)] };
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON is YAML. A list holds several, and EMQX's REST interface answers with a list of rules. */
const yamlTrees = (text: string): readonly Tree[] | undefined => {
  const documents = parseAllDocuments(text, { maxAliasCount: 100 } as object);
  if (!Array.isArray(documents) || documents.some(({ errors }) => errors.length > 0)) return undefined;
  const values = documents.map(document => document.toJS({ maxAliasCount: 100 }) as unknown);
  const lists = values.filter(Array.isArray) as unknown[][];
  const isRules = lists.some(list => list.some(each => isTree(each) && typeof each.sql === 'string'));
  if (isRules) return [{ rules: lists.flat() }];
  return [...values, ...lists.flat()].filter(isTree);
};

const tomlTrees = (text: string): readonly Tree[] | undefined => {
  try {
    return [parseToml(text)];
  } catch {
    return undefined;
  }
};

const hoconTrees = (text: string): readonly Tree[] | undefined => {
  try {
    return [parseHocon(text)];
  } catch {
    return undefined;
  }
};

/** A document as YAML, with what a person has to look at as comments before it. */
export function documentText({ document, notes }: Draft, from: string): string {
  const yaml = new Document(document);
  const lines = [
    `From ${from}, by mkb convert.`,
    ...(notes.length > 0 ? ['', 'To look at:', ...notes.map(note => `- ${note}`)] : []),
  ];
  yaml.commentBefore = lines.map(line => ` ${line.replaceAll(/\s*\n\s*/g, ' ')}`).join('\n');
  return yaml.toString({ lineWidth: 0 });
}
