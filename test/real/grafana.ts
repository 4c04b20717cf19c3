/**
 * The libraries that Grafana draws its panels with, as one file for a browser: 6 MB in the cache. The packages that it is made from are
 * 670 MB, so they are no dependencies of the project, and are removed again.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, run } from './install.ts';

const grafana = '12.4.10';

const packages = {
  '@fontsource/inter': '5.3.0',
  '@fontsource/roboto-mono': '5.3.0',
  '@grafana/data': grafana,
  '@grafana/i18n': grafana,
  '@grafana/schema': grafana,
  '@grafana/ui': grafana,
  esbuild: '0.28.2',
  react: '18.3.1',
  'react-dom': '18.3.1',
  rxjs: '7.8.2',
  uplot: '1.6.32',
};

/** What a page may import of it. */
const exported = `
import '@fontsource/inter/400.css';
import '@fontsource/inter/500.css';
import '@fontsource/roboto-mono/400.css';
import 'uplot/dist/uPlot.min.css';
export { Component, createElement, useEffect, useState } from 'react';
export { createRoot } from 'react-dom/client';
export { createTheme, dateTime, FieldType, getDisplayProcessor, getDisplayValueAlignmentFactors, getFieldDisplayValues,
  renderMarkdown, standardTransformers, standardTransformersRegistry, ThemeContext, toDataFrame, transformDataFrame } from '@grafana/data';
export { BigValue, GlobalStyles, PanelChrome, TimeSeries, VizRepeater } from '@grafana/ui';
export { TableNG } from '@grafana/ui/unstable';
export { initPluginTranslations } from '@grafana/i18n';
export { lastValueFrom } from 'rxjs';
`;

const bundled = [
  '--bundle',
  '--minify',
  '--format=esm',
  '--target=es2022',
  '--outfile=out/grafana.js',
  '--asset-names=[name]',
  '--loader:.woff2=file',
  '--loader:.woff=empty',
  '--loader:.ttf=empty',
  '--loader:.svg=text',
  '--define:process.env.NODE_ENV="production"',
  '--define:global=window',
  '--log-level=error',
];

export const grafanaHow = 'npm run provision grafana (it takes a minute or two)';

/** Other packages or other exports make another folder. */
const made = createHash('sha256')
  .update(JSON.stringify([packages, exported, bundled]))
  .digest('hex')
  .slice(0, 8);

const place = (): string => join(cacheFolder(), `grafana-ui-${grafana}-${made}`);

/** The folder with grafana.js, grafana.css, fonts, and Grafana's own pictures under img, or undefined. */
export const grafanaFolder = (): string | undefined => [place()].find(existsSync);

export function installGrafana(): void {
  const fresh = `${place()}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  const inFresh = { cwd: fresh, env: process.env, how: 'see that npm reaches its registry' };
  try {
    writeFileSync(join(fresh, 'package.json'), JSON.stringify({ private: true, dependencies: packages }));
    writeFileSync(join(fresh, 'entry.js'), exported);
    run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'], inFresh);
    run('node_modules/.bin/esbuild', ['entry.js', ...bundled], inFresh);
    cpSync(join(fresh, 'node_modules/@grafana/ui/dist/public/img'), join(fresh, 'out/img'), { recursive: true });
    // The rename is what makes it found: never half of it.
    if (!existsSync(place())) renameSync(join(fresh, 'out'), place());
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
