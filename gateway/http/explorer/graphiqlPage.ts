import type { GraphiqlBundle } from './graphiqlBundle.ts';
import { pageHead } from './pageHead.ts';
import { contentSecurityPolicy, type Page } from './pageHeaders.ts';
import { scriptJson } from './scriptJson.ts';

export interface GraphiqlPageOptions {
  readonly graphqlPath: string;
  readonly document: string | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** Path before the names of the bundle's files, without a slash at the end. */
  readonly assetsPath: string;
}

/**
 * The page of the bundled GraphiQL. All it loads comes from the gateway.
 *
 * The policy allows what GraphiQL cannot do without: Monaco writes `<style>` elements and style attributes as it goes, and
 * its style sheet holds fonts and images as data. Scripts and workers are files of the bundle, so none is allowed inline;
 * the settings stand in a data block, which is not a script to the policy.
 */
export function graphiqlPage(bundle: GraphiqlBundle, options: GraphiqlPageOptions): Page {
  const { graphqlPath: endpoint, document, headers, assetsPath } = options;
  return {
    contentSecurityPolicy: contentSecurityPolicy([
      "script-src 'self'",
      "worker-src 'self'",
      "style-src 'self' 'unsafe-inline'",
      "font-src 'self' data:",
      "img-src 'self' data:",
      "connect-src 'self'",
    ]),
    html: `<!doctype html>
<html lang="en">
<head>
${pageHead}
<link rel="stylesheet" href="${assetsPath}/${bundle.style}">
<style>html, body, #explorer { height: 100%; margin: 0; }</style>
</head>
<body>
<div id="explorer"></div>
<noscript>GraphiQL needs JavaScript.</noscript>
<script type="application/json" id="explorer-settings">${scriptJson({ endpoint, document, headers })}</script>
<script type="module" src="${assetsPath}/${bundle.script}"></script>
</body>
</html>
`,
  };
}

/** Answered in place of GraphiQL as long as its files are not built. */
export function graphiqlNotBuiltPage(): Page {
  return {
    contentSecurityPolicy: contentSecurityPolicy(['img-src data:']),
    html: `<!doctype html>
<html lang="en">
<head>
${pageHead}
</head>
<body>
<p>GraphiQL is not built yet: run <code>npm run build</code> and reload this page.</p>
</body>
</html>
`,
  };
}
