import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Whether the gateway runs from its TypeScript sources (`npm start`, tests) or compiled. */
export const runsFromSources: boolean = import.meta.url.endsWith('.ts');

/** The source of a compiled module: `…/planProcess.js` → `…/planProcess.ts`. */
export function sourceOf(module: URL): URL {
  return pathToFileURL(fileURLToPath(module).replace(/\.js$/, '.ts'));
}

/**
 * A module of `tsx`, which loads TypeScript. `require.resolve` finds the CommonJS build (jest has no `import.meta.resolve`);
 * the ES module stands beside it.
 */
export function loaderModule(name: 'tsx' | 'tsx/esm/api'): URL {
  return pathToFileURL(
    createRequire(import.meta.url)
      .resolve(name)
      .replace(/\.cjs$/, '.mjs'),
  );
}
