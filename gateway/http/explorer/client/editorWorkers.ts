/** File names of the built workers, by Monaco's label; put in by `deploy/buildExplorer.mjs`. */
declare const EDITOR_WORKERS: { readonly editor: string; readonly json: string; readonly graphql: string };

/**
 * Tells Monaco where its workers are: files of the same origin, beside this script. Without it Monaco would run them on the
 * page's own thread, or from a `blob:` that the content security policy refuses.
 *
 * Source: https://github.com/microsoft/monaco-editor/blob/main/docs/integrate-esm.md
 */
export function setUpEditorWorkers(): void {
  Object.assign(globalThis, {
    MonacoEnvironment: {
      getWorker(_workerId: string, label: string): Worker {
        const file = label === 'json' || label === 'graphql' ? EDITOR_WORKERS[label] : EDITOR_WORKERS.editor;
        return new Worker(new URL(file, import.meta.url), { name: label });
      },
    },
  });
}
