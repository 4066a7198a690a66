import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, test } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';

const programs = ['chromium', 'chromium-browser', 'google-chrome'];

/** Path of a Chromium: `CHROMIUM_PATH`, or the first of the usual names on the `PATH`; `undefined` when there is none. */
export function findChromium(): string | undefined {
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(path.delimiter)];
  const candidates = programs.flatMap((program) => folders.map((folder) => path.join(folder, program)));
  return [process.env.CHROMIUM_PATH ?? '', ...candidates].find(isExecutable);
}

function isExecutable(file: string): boolean {
  if (file === '') return false;
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * A `describe` for tests that drive a browser. Where there is none they are skipped with a warning that names it, except with
 * `CI=true`, where that is a failure: a check that nobody runs is not a check.
 */
export function describeInChromium(name: string, tests: () => void): void {
  if (findChromium() !== undefined) {
    describe(name, tests);
    return;
  }
  const missing = `No Chromium found: set CHROMIUM_PATH, or install one of ${programs.join(', ')}.`;
  if (process.env.CI === 'true') {
    describe(name, () => {
      test('finds a Chromium', () => {
        throw new Error(missing);
      });
    });
    return;
  }
  console.warn(`${missing} Skipped: ${name}`);
  describe.skip(name, tests);
}

/** Starts a headless Chromium with a new, empty profile. The caller closes it. */
export async function openChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    headless: true,
    args: [
      // Containers run as root, which Chromium's own sandbox refuses; the tests open pages of this repository only.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** What a page did that it should not. */
export interface PageComplaints {
  /** Messages on the console of level error, and errors that nobody caught. */
  readonly consoleErrors: readonly string[];
  /** Addresses asked for that are of another origin than the page. None of them is reached. */
  readonly externalRequests: readonly string[];
}

/** Opens an empty page that keeps a list of complaints, and from which only the origin of `url` is reached. */
export async function openWatchedPage(
  browser: Browser,
  url: string,
): Promise<{ readonly page: Page; readonly complaints: PageComplaints }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const consoleErrors: string[] = [];
  const externalRequests: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') consoleErrors.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => consoleErrors.push(error.stack ?? error.message));
  const { origin } = new URL(url);
  await page.route(
    (address) => /^(https?|wss?):$/.test(address.protocol) && address.origin !== origin,
    (route) => {
      externalRequests.push(route.request().url());
      return route.abort();
    },
  );
  return { page, complaints: { consoleErrors, externalRequests } };
}

export interface GraphiqlRun extends PageComplaints {
  /** The operation that the page opened with. */
  readonly document: string;
  /** The JSON that the response pane holds, parsed. */
  readonly response: unknown;
  /** The text that is to be seen in the response pane: its first screenful. */
  readonly visibleResponse: string;
}

/**
 * Opens GraphiQL as a first visitor, waits for the prefilled operation, presses the execute button, and returns what the
 * response pane shows. Builds GraphiQL first if it is not up to date.
 *
 * @param url address of the page, such as `http://127.0.0.1:4000/graphiql`; the operation it opens with must be the only one
 * of its document
 */
export async function runQueryInGraphiql(url: string): Promise<GraphiqlRun> {
  await buildGraphiql();
  const browser = await openChromium();
  try {
    const { page, complaints } = await openWatchedPage(browser, url);
    await page.goto(url);
    const document = await waitForEditorText(page, 'operation.graphql');
    await page.locator('.graphiql-execute-button').click();
    const response = await waitForEditorText(page, 'response.json');
    const lines = page.locator('.graphiql-response .view-lines').filter({ hasText: /\S/ });
    const visibleResponse = (await lines.textContent()) ?? '';
    return {
      ...complaints,
      document,
      response: JSON.parse(response),
      // Monaco renders every space as a no-break space.
      visibleResponse: visibleResponse.replaceAll('\u00a0', ' '),
    };
  } finally {
    await browser.close();
  }
}

/** Builds `dist/graphiql` as `npm run build` does; a tenth of a second when it is up to date. */
export async function buildGraphiql(): Promise<void> {
  const script = path.resolve(import.meta.dirname, '../../deploy/buildExplorer.mjs');
  await promisify(execFile)(process.execPath, [script]);
}

/** The parts of Monaco's API that are used here; GraphiQL keeps it in a global. */
interface MonacoGlobal {
  readonly __MONACO?: {
    readonly editor: {
      getModels(): readonly { readonly uri: { readonly path: string }; getValue(): string }[];
    };
  };
}

/**
 * Waits until one of GraphiQL's editors has text, and returns all of it. The document tree would not do: Monaco keeps only
 * the visible lines there.
 */
export async function waitForEditorText(page: Page, file: string): Promise<string> {
  const handle = await page.waitForFunction((name) => {
    const models = (globalThis as MonacoGlobal).__MONACO?.editor.getModels() ?? [];
    return models.find((model) => model.uri.path.endsWith(name))?.getValue();
  }, file);
  return (await handle.jsonValue()) ?? '';
}
