/** `mkb graph`: sources, rules and sinks of documents as a flowchart of Mermaid (https://mermaid.js.org/syntax/flowchart.html). */
import type { LoadedDocument } from '../api/load.ts';
import { hasErrors } from '../api/problems.ts';
import { documentWorld } from '../rules/document-world.ts';
import { explainRule, type SinkExplanation, type SourceExplanation } from '../rules/explain.ts';
import { loadChecked } from './documents.ts';
import { exitCodes } from './exit-codes.ts';
import { printProblems } from './output.ts';

/** Returns the exit code. */
export const printGraph = async (files: readonly string[]): Promise<number> => {
  const { documents, problems } = await loadChecked(files, 'anywhere');
  printProblems(problems.filter(({ severity }) => severity === 'error'));
  if (hasErrors(problems)) return exitCodes.configuration;
  const drawing = new Drawing();
  for (const document of documents) draw(document, drawing);
  process.stdout.write(drawing.text());
  return exitCodes.ok;
};

const draw = ({ document }: LoadedDocument, drawing: Drawing): void => {
  const { metadata, spec } = document;
  const world = documentWorld(document);
  const letters = spec.delivery.onFailure.deadLetter?.topic;
  drawing.group(metadata.name, () => {
    for (const rule of spec.rules) {
      const { sources, sinks } = explainRule(rule, world);
      const box = drawing.node(`rule ${metadata.name} ${rule.name}`, `["${escaped(rule.name)}"]`);
      for (const source of sources)
        drawing.line(drawing.node(sourceName(source), `(["${escaped(sourceName(source))}"])`), '-->', box);
      for (const sink of sinks)
        drawing.line(box, '-->', drawing.node(sinkName(sink), `[("${escaped(sinkName(sink))}")]`));
      if (letters !== undefined) {
        const name = `Kafka ${letters}`;
        drawing.line(box, '-. what fails .->', drawing.node(name, `[("${escaped(name)}")]`));
      }
    }
  });
};

const kinds = { mqtt: 'MQTT', kafka: 'Kafka', event: 'event' } as const;

const sourceName = ({ kind, topic }: SourceExplanation): string => `${kinds[kind]} ${topic}`;

const sinkName = ({ kind, templates }: SinkExplanation): string => `${kinds[kind]} ${templates.topic}`;

/** What Mermaid would read as its own, as its entities. */
const escaped = (text: string): string => text.replace(/[#"<>&`\\]/g, sign => `#${sign.charCodeAt(0)};`);

/** Nodes have short names of their own, since a topic may be no name; what has the same text is one node. */
class Drawing {
  readonly #nodes = new Map<string, string>();
  #lines: string[] = [];
  readonly #drawn = new Set<string>();
  #groups = 0;

  /** The rules of a document, in a frame. */
  group(title: string, inside: () => void): void {
    const before = this.#lines.length;
    inside();
    const rules = [...this.#nodes].filter(([key]) => key.startsWith(`rule ${title} `)).map(([, id]) => id);
    this.#groups++;
    const frame = [`  subgraph g${this.#groups}["${title}"]`, ...rules.map(id => `    ${id}`), '  end'];
    this.#lines = [...this.#lines.slice(0, before), ...frame, ...this.#lines.slice(before)];
  }

  node(key: string, shape: string): string {
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const id = `n${this.#nodes.size + 1}`;
    this.#nodes.set(key, id);
    this.#lines.push(`  ${id}${shape}`);
    return id;
  }

  /** Once, however often it is asked for. */
  line(from: string, arrow: string, to: string): void {
    const line = `  ${from} ${arrow} ${to}`;
    if (this.#drawn.has(line)) return;
    this.#drawn.add(line);
    this.#lines.push(line);
  }

  text(): string {
    return `flowchart LR\n${this.#lines.map(line => `${line}\n`).join('')}`;
  }
}
