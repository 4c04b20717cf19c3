/**
 * Makes `dist/`, what the package and the image hold: `npm run build`. JavaScript as TypeScript's own compiler makes it, types and source maps
 * of what is public, the files that are read and not imported, and one bundle.
 *
 * The bundle is what we use of the Kubernetes client: how a kubeconfig is read. Its package has 62 MB, with an HTTP client and a class for every
 * object of the API, where operator/runtime has its own; reading a kubeconfig is 0.2 MB of them.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';

const root = resolve(import.meta.dirname, '..');
const { values } = parseArgs({ options: { 'out-dir': { type: 'string', default: join(root, 'dist') } } });
const dist = resolve(values['out-dir']);

/** Read at run time, beside the file that reads them. */
const assets = ['bridge/page/browser', 'demo/page/browser', 'demo/my-vehicles.yaml'];

/** The one file that imports the Kubernetes client. */
const bundled = 'cli/kubernetes-client';

const compile = (project: string): void => {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const args = [compiler, '-p', join(root, project), '--outDir', dist];
  // The compiler has said what is wrong.
  if (spawnSync(process.execPath, args, { stdio: 'inherit' }).status !== 0) process.exit(1);
};

/** Who debugs into the package calls what is public. The maps of everything else would be a fifth of what is downloaded. */
const dropMaps = (): void => {
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.js.map')) continue;
    const file = join(dist, name.slice(0, -'.js.map'.length));
    if (existsSync(`${file}.d.ts`)) continue;
    rmSync(`${file}.js.map`);
    writeFileSync(`${file}.js`, readFileSync(`${file}.js`, 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'));
  }
};

/** Stands for the HTTP client of the Kubernetes client, whose requests we never make. */
const noHttpClient = {
  name: 'no-http-client',
  resolveId: (id: string) => (id === 'undici' ? id : undefined),
  load: (id: string) =>
    id === 'undici' ? 'export class Agent {}; export class ProxyAgent {}; export const fetch = undefined;' : undefined,
};

/** The texts that the licences of bundled packages ask for. @param modules files that are in the bundle */
const licencesOf = (modules: readonly string[]): string => {
  const folders = modules
    .map(name => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(name)?.[0])
    .filter(each => each !== undefined);
  const texts = [...new Set(folders)].sort().map(folder => {
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find(each => /^licen[cs]e/i.test(each));
    if (file === undefined) throw new Error(`${name} has no text of its licence, which must be in what we ship.`);
    return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
};

const bundle = async (file: string): Promise<void> => {
  const build = await rolldown({
    input: join(root, `${file}.ts`),
    platform: 'node',
    cwd: root,
    // Above all of an import that it did not find, and would leave to the user's machine.
    onLog: (level, { message }) => {
      if (level === 'warn') throw new Error(message);
    },
    plugins: [noHttpClient],
    // So the classes of the API's objects, which nothing of ours names, are left out.
    treeshake: { moduleSideEffects: [{ test: /client-node/, sideEffects: false }] },
  });
  const { output } = await build.write({
    file: join(dist, `${file}.js`),
    format: 'esm',
    minify: true,
    codeSplitting: false,
  });
  await build.close();
  writeFileSync(join(dist, `${file}.licences.txt`), licencesOf(output[0].moduleIds));
};

rmSync(dist, { recursive: true, force: true });
compile('tsconfig.build.json');
compile('tsconfig.types.json');
dropMaps();
for (const asset of assets) cpSync(join(root, asset), join(dist, asset), { recursive: true });
await bundle(bundled);
