import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

/** Names in the manifest reach paths and HTML, so they may hold nothing that means something there. */
const fileName = z.string().regex(/^[\w-]+(\.[\w-]+)+$/);

const manifestSchema = z.object({
  script: fileName,
  style: fileName,
  files: z.array(z.object({ name: fileName, contentType: z.string(), hash: z.string() })),
});

/** One built file of GraphiQL. Its name changes with its content. */
export interface GraphiqlAsset {
  readonly path: string;
  readonly contentType: string;
  readonly etag: string;
}

/** GraphiQL as `deploy/buildExplorer.mjs` built it. */
export interface GraphiqlBundle {
  /** Name of the file that starts the page. */
  readonly script: string;
  readonly style: string;
  /** Every file there is, by its name; nothing else of the folder is served. */
  readonly assets: ReadonlyMap<string, GraphiqlAsset>;
}

/** `dist/graphiql`, seen from `dist/gateway/http/explorer` and from the sources in `gateway/http/explorer`. */
const bundleFolders = ['../../../graphiql', '../../../dist/graphiql'].map((folder) =>
  path.resolve(import.meta.dirname, folder),
);

/**
 * Reads what was built, from the first folder that holds a manifest.
 *
 * @returns `undefined` when GraphiQL is not built
 * @throws when a manifest is there and is not valid
 */
export async function readGraphiqlBundle(
  folders: readonly string[] = bundleFolders,
): Promise<GraphiqlBundle | undefined> {
  for (const folder of folders) {
    const text = await readFile(path.join(folder, 'manifest.json'), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const { script, style, files } = manifestSchema.parse(JSON.parse(text));
    const assets = files.map(({ name, contentType, hash }): [string, GraphiqlAsset] => [
      name,
      { path: path.join(folder, name), contentType, etag: `"${hash}"` },
    ]);
    return { script, style, assets: new Map(assets) };
  }
  return undefined;
}
