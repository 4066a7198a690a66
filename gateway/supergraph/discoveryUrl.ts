/** `consul://reviews/graphql?tag=v2` in its parts. */
export interface DiscoveryUrl {
  /** As written, in its own case: `REVIEWS`. */
  readonly name: string;
  /** `4004`, or `undefined` where there is none. */
  readonly port: number | undefined;
  /** `undefined` where there is none, or only a `/`. */
  readonly path: string | undefined;
  readonly query: URLSearchParams;
}

/** Reads a URL whose host is a name at a registry. */
export function readDiscoveryUrl(url: string): DiscoveryUrl {
  const { hostname, port, pathname, searchParams } = new URL(url);
  return {
    name: decodeURIComponent(hostname),
    port: port === '' ? undefined : Number(port),
    path: pathname === '' || pathname === '/' ? undefined : pathname,
    query: searchParams,
  };
}

/** Checks what all such URLs have in common. @returns a sentence, or `undefined` */
export function findUrlProblem(url: string, parameters: readonly string[]): string | undefined {
  if (!URL.canParse(url)) return 'is not a URL';
  const { hostname, username, password, hash, searchParams } = new URL(url);
  if (hostname === '') return 'names no service';
  if (username !== '' || password !== '') return 'must hold no credentials; they belong in gateway.yaml';
  if (hash !== '') return 'must have no #fragment';
  const unknown = [...searchParams.keys()].find((key) => !parameters.includes(key));
  if (unknown === undefined) return undefined;
  return parameters.length === 0
    ? `takes no parameters, and has "${unknown}"`
    : `has the unknown parameter "${unknown}"; there are ${parameters.join(', ')}`;
}
