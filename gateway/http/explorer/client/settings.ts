/** What the gateway writes into the page (see `graphiqlPage.ts`). */
export interface PageSettings {
  readonly endpoint: string;
  /** Opened in the first tab; GraphiQL's own welcome when absent. */
  readonly document?: string;
  /** Filled into the headers editor. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Reads the JSON that stands in the page; a data block needs no exception in the content security policy. */
export function readSettings(): PageSettings {
  return JSON.parse(document.getElementById('explorer-settings')?.textContent ?? '{}');
}
