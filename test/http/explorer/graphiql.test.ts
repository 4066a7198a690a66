import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type FastifyInstance, fastify } from 'fastify';
import { buildSchema, graphql } from 'graphql';
import type { Browser } from 'playwright-core';
import { registerExplorerPages } from '../../../gateway/http/explorer/explorerPages.ts';
import {
  buildGraphiql,
  describeInChromium,
  openChromium,
  openWatchedPage,
  runQueryInGraphiql,
  waitForEditorText,
} from '../../support/chromium.ts';

const schema = buildSchema(`
  type Query {
    """Somebody who rows."""
    rower(name: String!): Rower
  }
  type Rower {
    name: String!
    headerSent: String
  }
`);

const sample = `query Sample {
  rower(name: "Anna") {
    name
  }
}
`;

describeInChromium('explorer: GraphiQL in Chromium', () => {
  let app: FastifyInstance;
  let browser: Browser;
  let url: string;

  beforeAll(async () => {
    await buildGraphiql();
    app = fastify();
    app.post('/graphql', (request) => {
      const { query, variables, operationName } = request.body as {
        query: string;
        variables?: Record<string, unknown>;
        operationName?: string;
      };
      const rower = ({ name }: { name: string }) => ({ name, headerSent: request.headers['x-team'] });
      return graphql({
        schema,
        source: query,
        variableValues: variables,
        operationName,
        rootValue: { rower },
      });
    });
    await registerExplorerPages(app, {
      graphqlPath: '/graphql',
      sandbox: false,
      graphiql: true,
      document: sample,
      headers: { 'x-team': 'red' },
    });
    url = `${await app.listen({ host: '127.0.0.1', port: 0 })}/graphiql`;
    browser = await openChromium();
  });

  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });

  test('runs the sample query and shows its data, asking nobody but the gateway', async () => {
    const run = await runQueryInGraphiql(url);
    expect(run).toEqual({
      document: sample,
      response: { data: { rower: { name: 'Anna' } } },
      visibleResponse: expect.stringContaining('"name": "Anna"'),
      consoleErrors: [],
      externalRequests: [],
    });
  });

  test('sends the headers of the headers editor', async () => {
    const { page } = await openWatchedPage(browser, url);
    await page.goto(url);
    await waitForEditorText(page, 'operation.graphql');
    const request = page.waitForRequest((sent) => sent.postData()?.includes('Sample') ?? false);
    await page.locator('.graphiql-execute-button').click();
    expect((await request).headers()['x-team']).toBe('red');
    await page.context().close();
  });

  test('completes field names from the schema', async () => {
    const { page, complaints } = await openWatchedPage(browser, url);
    await page.goto(url);
    await waitForEditorText(page, 'operation.graphql');
    await page.locator('.graphiql-query-editor .view-line', { hasText: 'name' }).last().click();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.keyboard.type('hea');
    await page.locator('.suggest-widget .monaco-list-row', { hasText: 'headerSent' }).waitFor();
    expect(complaints).toEqual({ consoleErrors: [], externalRequests: [] });
    await page.context().close();
  });

  test('documents the schema', async () => {
    const { page } = await openWatchedPage(browser, url);
    await page.goto(url);
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await page.locator('.graphiql-doc-explorer').getByRole('link', { name: 'Query' }).click();
    await page.locator('.graphiql-doc-explorer').getByText('Somebody who rows.').waitFor();
    await page.context().close();
  });

  test('opens the sample on a first visit though another GraphiQL left tabs on the origin', async () => {
    const { page } = await openWatchedPage(browser, url);
    const tab = { id: '1', title: 'Old', query: '{ old }', variables: null, headers: null };
    const tabState = {
      activeTabIndex: 0,
      tabs: [{ ...tab, hash: null, operationName: null, response: null }],
    };
    await page.addInitScript(
      `localStorage.setItem('graphiql:tabState', ${JSON.stringify(JSON.stringify(tabState))});
       localStorage.setItem('graphiql:query', '{ old }');`,
    );
    await page.goto(url);
    expect(await waitForEditorText(page, 'operation.graphql')).toBe(sample);
    await page.context().close();
  });
});
