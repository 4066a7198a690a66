import { randomBytes } from 'node:crypto';
import { pageHead } from './pageHead.ts';
import { contentSecurityPolicy, type Page } from './pageHeaders.ts';
import { scriptJson } from './scriptJson.ts';

const sandboxScript =
  'https://embeddable-sandbox.cdn.apollographql.com/_latest/embeddable-sandbox.umd.production.min.js';
const sandboxFrame = 'https://sandbox.embed.apollographql.com';

export interface SandboxPageOptions {
  readonly graphqlPath: string;
  readonly document: string | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** Where a page that needs no internet is, if there is one. */
  readonly offlinePath: string | undefined;
}

/**
 * The page that embeds Apollo Sandbox, pointed at the gateway's endpoint.
 *
 * Sandbox comes from the internet: until it is there, and when it cannot be had, the page says so and offers the page that
 * works offline. A script that neither arrives nor fails (a network that drops packets) counts as missing after a while.
 *
 * Source of the options: `@apollo/server`, `plugin/landingPage/default/getEmbeddedHTML.ts`. `runTelemetry: false` keeps Sandbox
 * from reporting home; `allowDynamicStyles: false` keeps it from inline styles, which the policy refuses; polling shows a
 * supergraph that was swapped.
 */
export function sandboxPage(options: SandboxPageOptions): Page {
  const nonce = randomBytes(16).toString('base64');
  const sandboxOptions = {
    target: '#sandbox',
    initialState: {
      document: options.document,
      headers: options.headers,
      pollForSchemaUpdates: true,
    },
    hideCookieToggle: false,
    endpointIsEditable: false,
    runTelemetry: false,
    allowDynamicStyles: false,
  };
  const offlineLink =
    options.offlinePath === undefined
      ? ''
      : `<p><a href="${encodeURI(options.offlinePath)}">Open GraphiQL</a>, which this gateway serves itself and which works offline.</p>`;
  return {
    contentSecurityPolicy: contentSecurityPolicy([
      `script-src 'nonce-${nonce}'`,
      `style-src 'nonce-${nonce}'`,
      'img-src data:',
      "connect-src 'self'",
      `frame-src ${sandboxFrame}`,
    ]),
    html: `<!doctype html>
<html lang="en">
<head>
${pageHead}
<style nonce="${nonce}">${style}</style>
</head>
<body>
<main id="fallback">
<h1>Tributary</h1>
<p id="state" role="status">Loading Apollo Sandbox from the internet …</p>
${offlineLink}
<noscript><p>Apollo Sandbox needs JavaScript.</p></noscript>
</main>
<div id="sandbox"></div>
<script nonce="${nonce}">
const options = ${scriptJson(sandboxOptions)};
const showMissing = () => {
  document.getElementById('state').textContent =
    'Apollo Sandbox could not be loaded: it comes from the internet, which cannot be reached from this browser.';
};
const patience = setTimeout(showMissing, 8000);
const script = document.createElement('script');
script.nonce = ${scriptJson(nonce)};
script.src = ${scriptJson(sandboxScript)};
script.onerror = () => {
  clearTimeout(patience);
  showMissing();
};
script.onload = () => {
  clearTimeout(patience);
  document.getElementById('fallback').remove();
  new window.EmbeddedSandbox({ ...options, initialEndpoint: location.origin + ${scriptJson(options.graphqlPath)} });
};
document.head.append(script);
</script>
</body>
</html>
`,
  };
}

const style = `
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: #1f2937; background: #fff; }
main { max-width: 40rem; margin: 18vh auto 0; padding: 0 1.5rem; }
h1 { font-size: 1.5rem; font-weight: 600; color: #0f766e; }
a { color: #0f766e; }
#sandbox:not(:empty) { position: absolute; inset: 0; }
#sandbox iframe { width: 100%; height: 100%; border: 0; background: #fff; }
`;
