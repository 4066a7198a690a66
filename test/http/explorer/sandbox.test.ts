import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type FastifyInstance, fastify } from 'fastify';
import type { Browser } from 'playwright-core';
import { registerExplorerPages } from '../../../gateway/http/explorer/explorerPages.ts';
import { describeInChromium, openChromium, openWatchedPage } from '../../support/chromium.ts';

const sandboxScript =
  'https://embeddable-sandbox.cdn.apollographql.com/_latest/embeddable-sandbox.umd.production.min.js';

describeInChromium('explorer: Sandbox in Chromium', () => {
  let app: FastifyInstance;
  let browser: Browser;
  let origin: string;

  beforeAll(async () => {
    app = fastify();
    await registerExplorerPages(app, {
      graphqlPath: '/graphql',
      sandbox: true,
      graphiql: true,
      document: 'query A { a(b: "</script>\u2028") }',
    });
    origin = await app.listen({ host: '127.0.0.1', port: 0 });
    browser = await openChromium();
  });

  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });

  test('says that Sandbox cannot be loaded and offers GraphiQL when the internet cannot be reached', async () => {
    const { page, complaints } = await openWatchedPage(browser, origin);
    await page.goto(origin);
    await page.getByText('Apollo Sandbox could not be loaded').waitFor();
    expect(await page.getByRole('link', { name: 'Open GraphiQL' }).getAttribute('href')).toBe('/graphiql');
    expect(complaints.externalRequests).toEqual([sandboxScript]);
    await page.context().close();
  });

  test('starts Sandbox with the endpoint and the sample query, and without telemetry', async () => {
    const { page, complaints } = await openWatchedPage(browser, origin);
    // Stands for the script of the internet: it shows the options it is started with, where Sandbox would be.
    const standIn = `window.EmbeddedSandbox = class {
      constructor(options) { document.querySelector(options.target).textContent = JSON.stringify(options); }
    };`;
    await page.route(sandboxScript, (route) =>
      route.fulfill({ contentType: 'text/javascript', body: standIn }),
    );
    await page.goto(origin);
    const shown = page.locator('#sandbox:not(:empty)');
    expect(JSON.parse((await shown.textContent()) ?? '')).toEqual({
      target: '#sandbox',
      initialEndpoint: `${origin}/graphql`,
      initialState: { document: 'query A { a(b: "</script>\u2028") }', pollForSchemaUpdates: true },
      hideCookieToggle: false,
      endpointIsEditable: false,
      runTelemetry: false,
      allowDynamicStyles: false,
    });
    expect(await page.locator('#fallback').count()).toBe(0);
    expect(complaints.consoleErrors).toEqual([]);
    await page.context().close();
  });
});
