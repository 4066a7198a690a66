/* Three streams that become one. */
const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#0f766e" stroke-width="3.5" stroke-linecap="round"><path d="M5 4c0 9 11 7 11 16v8M16 4v24M27 4c0 9-11 7-11 16"/></svg>';

/** What every page has in its `<head>`. The icon stands in the page itself, so that no browser asks for `/favicon.ico`. */
export const pageHead = `<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tributary</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(icon)}">`;
