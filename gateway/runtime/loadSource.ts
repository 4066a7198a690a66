import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BuildOptions, Metafile, Plugin } from 'esbuild';
import { runsFromSources, sourceOf } from './sourceLoader.ts';

/** A module of a team, as it stands now. */
export interface LoadedSource {
  readonly exports: Readonly<Record<string, unknown>>;
  /** The file and every file that it imports, packages apart: a change of one changes the module. */
  readonly files: readonly string[];
}

/** What such a module may import of the gateway, by the name that it writes: the compiled modules. */
export type ProvidedModules = Readonly<Record<string, URL>>;

/**
 * Loads a module in TypeScript or JavaScript that is not part of the gateway, anew at every call: what it imports of its own
 * is bundled with it, so that no cache of modules keeps an older version, and Node.js 20, which does not read TypeScript,
 * gets JavaScript. Packages are found from where the module stands, and else among those of the gateway, so that a file
 * mounted into a container needs no `node_modules` of its own.
 *
 * @throws Error when it cannot be read, parsed or run; the message says where
 */
export async function loadSource(file: string, provided: ProvidedModules = {}): Promise<LoadedSource> {
  const { outputFiles, metafile } = await bundled(file, provided);
  const folder = await mkdtemp(path.join(tmpdir(), 'tributary-module-'));
  try {
    const bundle = path.join(folder, `${path.parse(file).name}.mjs`);
    await writeFile(bundle, outputFiles[0]?.contents ?? '');
    const exports = (await import(pathToFileURL(bundle).href)) as Record<string, unknown>;
    return { exports, files: filesOf(metafile, path.dirname(file)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

let bundling = 0;

async function bundled(file: string, provided: ProvidedModules) {
  // loaded with the first module: most gateways that have none never need it
  const { build, stop } = await import('esbuild');
  bundling += 1;
  try {
    return await build(optionsFor(file, provided));
  } finally {
    bundling -= 1;
    // its process would stay, for a module that changes once a day
    if (bundling === 0) await stop();
  }
}

function optionsFor(file: string, provided: ProvidedModules) {
  return {
    entryPoints: [file],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'silent',
    absWorkingDir: path.dirname(file),
    // a `tsconfig.json` beside a mounted file is for its editor
    tsconfigRaw: '{}',
    plugins: [partsOfGateway(provided), packagesOutside],
  } satisfies BuildOptions;
}

function filesOf({ inputs }: Metafile, folder: string): string[] {
  return Object.keys(inputs).map((input) => path.resolve(folder, input));
}

/** Bundles what the gateway provides, wherever the module stands. */
function partsOfGateway(provided: ProvidedModules): Plugin {
  return {
    name: 'parts-of-gateway',
    setup(build) {
      build.onResolve({ filter: /^tributary\// }, ({ path: name }) => {
        const module = Object.hasOwn(provided, name) ? provided[name] : undefined;
        if (module === undefined) return { errors: [{ text: `The gateway provides no "${name}".` }] };
        return { path: fileURLToPath(runsFromSources ? sourceOf(module) : module) };
      });
    },
  };
}

/** Set on the resolution that the plugin itself asks for. */
const RESOLVING = Symbol('resolving');

/**
 * Packages that are loaded as CommonJS. graphql-shield 7.6.5, as an ES module, imports `isUndefined` of `util`, which Node.js 23 has
 * removed: not even a rule tree could be written. (What calls it is never called here: the gateway evaluates the tree itself.)
 */
const asCommonJs: ReadonlySet<string> = new Set(['graphql-shield']);

/** Leaves packages where they are, by their full address: the bundle runs in another folder. */
const packagesOutside: Plugin = {
  name: 'packages-outside',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, async ({ path: name, kind: asked, resolveDir, pluginData }) => {
      if (pluginData === RESOLVING || asked === 'entry-point') return undefined;
      const kind = asCommonJs.has(name) ? 'require-call' : asked;
      if (isBuiltin(name)) return { path: name, external: true };
      const own = path.dirname(fileURLToPath(import.meta.url));
      for (const folder of [resolveDir, own]) {
        const found = await build.resolve(name, { kind, resolveDir: folder, pluginData: RESOLVING });
        if (found.errors.length === 0) return { path: pathToFileURL(found.path).href, external: true };
      }
      return {
        errors: [
          { text: `Could not resolve "${name}": it is a package neither of the module nor of the gateway.` },
        ],
      };
    });
  },
};
