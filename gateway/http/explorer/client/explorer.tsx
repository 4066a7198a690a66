import { createLocalStorage } from '@graphiql/toolkit';
import { GraphiQL, type GraphiQLProps } from 'graphiql';
import 'graphiql/style.css';
import { createRoot } from 'react-dom/client';
import { setUpEditorWorkers } from './editorWorkers.ts';
import { readSettings } from './settings.ts';

setUpEditorWorkers();
const settings = readSettings();

/**
 * Sends one operation to the gateway.
 *
 * An answer that is not JSON (a proxy's error page) is shown as text instead of as a parse error. Subscriptions are sent
 * like all else: how they are served, or that they are not, is for the gateway to say.
 */
const fetcher: GraphiQLProps['fetcher'] = async (parameters, options) => {
  const response = await fetch(settings.endpoint, {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json, application/json;q=0.9',
      'content-type': 'application/json',
      ...options?.headers,
    },
    body: JSON.stringify(parameters),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`The endpoint answered ${response.status} with something other than JSON: ${text}`);
  }
};

/*
 * GraphiQL opens the tabs that it remembers before any sample. A namespace of our own keeps apart what another GraphiQL
 * stored on the same origin (a development port has many tenants), so that a first visit opens the sample.
 */
const storage = createLocalStorage({ namespace: 'tributary' });

const container = document.getElementById('explorer');
if (container === null) throw new Error('The page has no element with the id "explorer".');
createRoot(container).render(
  <GraphiQL
    fetcher={fetcher}
    storage={storage}
    defaultQuery={settings.document}
    defaultHeaders={settings.headers && JSON.stringify(settings.headers, null, 2)}
  >
    <GraphiQL.Logo>Tributary</GraphiQL.Logo>
  </GraphiQL>,
);
