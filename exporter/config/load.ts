/** From a file to the exporter's document, or to everything that is wrong with it and where. */
import type { ReadOptions } from '../../api/files.ts';
import { type LoadedSingle, loadSingle, loadSingleText, type SingleKind } from '../../api/single-document.ts';
import { checkExporter } from './checks.ts';
import { type ExporterDocument, exporterField, exporterKind } from './schema.ts';

export type LoadedExporter = LoadedSingle<ExporterDocument>;

const kind: SingleKind<ExporterDocument> = {
  kind: exporterKind,
  field: exporterField,
  owner: 'the exporter',
  check: ({ spec }) => checkExporter(spec),
};

/** Loads the one document of a file, or of standard input for `-`. Throws nothing about its content. */
export const loadExporter = (file: string, options: ReadOptions = {}): Promise<LoadedExporter> =>
  loadSingle(file, kind, options);

/** Loads from text that is at hand; `file` is the name that problems give. */
export const loadExporterText = (text: string, file: string): LoadedExporter => loadSingleText(text, file, kind);
