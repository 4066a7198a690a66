/*
 * A step of `npm run build`: bundles GraphiQL, with its editor, workers and fonts, into dist/graphiql/, which the gateway
 * serves at /graphiql with no need of the internet. File names carry a hash of the content; manifest.json lists them.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '..');
const clientFolder = path.join(root, 'gateway', 'http', 'explorer', 'client');
const outputFolder = path.join(root, 'dist', 'graphiql');

/* The label by which Monaco asks for a worker, and the worker. */
const workers = {
  editor: 'monaco-editor/esm/vs/editor/editor.worker.js',
  json: 'monaco-editor/esm/vs/language/json/json.worker.js',
  graphql: 'monaco-graphql/esm/graphql.worker.js',
};

/* Packages whose version decides what the bundle holds. */
const bundledPackages = [
  '@graphiql/plugin-doc-explorer',
  '@graphiql/plugin-history',
  '@graphiql/react',
  '@graphiql/toolkit',
  'esbuild',
  'graphiql',
  'graphql',
  'monaco-editor',
  'monaco-graphql',
  'react',
  'react-dom',
];

const contentTypes = { '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8' };

/** Hash of everything the bundle is made from. */
function sourceHash() {
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
  for (const file of readdirSync(clientFolder).sort()) {
    hash.update(file).update(readFileSync(path.join(clientFolder, file)));
  }
  for (const name of bundledPackages) {
    const manifest = JSON.parse(readFileSync(path.join(root, 'node_modules', name, 'package.json'), 'utf8'));
    hash.update(`${name}@${manifest.version}\n`);
  }
  return hash.digest('hex');
}

function readBuiltSource() {
  try {
    return JSON.parse(readFileSync(path.join(outputFolder, 'manifest.json'), 'utf8')).source;
  } catch {
    return undefined;
  }
}

/*
 * graphiql/style.css holds the style of the editor and of every panel, and all fonts as data. Of the fonts only the icons and
 * the Latin subsets are kept: the others are two thirds of the file, and text that needs them falls back to a system font.
 * The editor's own style sheets, imported from its scripts, would come a second time.
 */
const slimStyles = {
  name: 'slim-styles',
  setup(build) {
    build.onLoad({ filter: /graphiql[\\/]dist[\\/]style\.css$/ }, async ({ path: file }) => ({
      contents: (await readFile(file, 'utf8')).replace(/@font-face\s*\{[^}]*\}/g, (fontFace) =>
        !fontFace.includes('unicode-range') || fontFace.includes('U+0000') ? fontFace : '',
      ),
      loader: 'css',
    }));
    build.onLoad({ filter: /monaco-editor[\\/]esm[\\/].*\.css$/ }, () => ({ contents: '', loader: 'empty' }));
  },
};

/** Bundles entry points; tells the file names that came of each. */
async function bundle(folder, options) {
  const { metafile } = await build({
    absWorkingDir: root,
    outdir: folder,
    entryNames: '[name]-[hash]',
    chunkNames: 'chunk-[hash]',
    bundle: true,
    minify: true,
    metafile: true,
    target: 'es2022',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'warning',
    ...options,
  });
  const outputs = Object.entries(metafile.outputs).filter(([, output]) => output.entryPoint !== undefined);
  return outputs.map(([file, output]) => ({
    script: path.basename(file),
    style: output.cssBundle && path.basename(output.cssBundle),
    entryPoint: output.entryPoint,
  }));
}

async function bundleInto(folder) {
  const builtWorkers = await bundle(folder, {
    entryPoints: Object.fromEntries(
      Object.entries(workers).map(([label, file]) => [`${label}.worker`, file]),
    ),
    format: 'iife',
  });
  const workerNames = Object.fromEntries(
    Object.entries(workers).map(([label, file]) => [
      label,
      builtWorkers.find(({ entryPoint }) => entryPoint.endsWith(file)).script,
    ]),
  );
  const outputs = await bundle(folder, {
    entryPoints: { explorer: path.join(clientFolder, 'explorer.tsx') },
    format: 'esm',
    splitting: true,
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"', EDITOR_WORKERS: JSON.stringify(workerNames) },
    // Only asked for when a WebSocket address is given to GraphiQL's own fetcher, which the page does not use.
    external: ['graphql-ws'],
    plugins: [slimStyles],
  });
  return outputs.find(({ entryPoint }) => entryPoint.endsWith('client/explorer.tsx'));
}

/**
 * Builds dist/graphiql/ unless what is there was made from the same sources.
 *
 * The files are written beside their place and moved there at the end, so that a gateway that runs, or a second build at the
 * same time, never sees half of them.
 *
 * @returns what was done: `built` is false when the output was up to date
 */
export async function buildExplorer() {
  const source = sourceHash();
  if (readBuiltSource() === source) return { built: false, folder: outputFolder };
  const folder = `${outputFolder}-${process.pid}`;
  mkdirSync(folder, { recursive: true });
  try {
    const { script, style } = await bundleInto(folder);
    const files = readdirSync(folder).map((name) => {
      const content = readFileSync(path.join(folder, name));
      const hash = createHash('sha256').update(content).digest('hex').slice(0, 32);
      return { name, contentType: contentTypes[path.extname(name)], bytes: content.length, hash };
    });
    writeFileSync(
      path.join(folder, 'manifest.json'),
      JSON.stringify({ source, script, style, files }, null, 2),
    );
    // Another process may have built the same meanwhile; what it put there may be in use already.
    if (readBuiltSource() !== source) {
      rmSync(outputFolder, { recursive: true, force: true });
      renameSync(folder, outputFolder);
    }
  } catch (error) {
    if (readBuiltSource() !== source) throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { built: true, folder: outputFolder };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const startedAt = performance.now();
  const { built, folder } = await buildExplorer();
  const { files } = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'));
  const kilobytes = Math.round(files.reduce((sum, file) => sum + file.bytes, 0) / 1000);
  console.log(
    built
      ? `Built GraphiQL: ${files.length} files, ${kilobytes} kB, in ${Math.round(performance.now() - startedAt)} ms.`
      : 'GraphiQL is up to date.',
  );
}
