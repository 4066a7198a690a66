/**
 * A `fetch` that talks to one server: whatever a provider's package would do, a request for another origin is refused
 * before it leaves, and a redirect is not followed, since it would take the key and the prompt elsewhere.
 */
export function onlyTo(baseUrl: string): typeof globalThis.fetch {
  const { origin } = new URL(baseUrl);
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    if (url.origin !== origin) throw new Error('A request to a server that is not configured was refused.');
    return fetch(input, { ...init, redirect: 'error' });
  };
}
