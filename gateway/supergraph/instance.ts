import { isIP } from 'node:net';

/** One running process of a subgraph, as a registry names it. */
export interface Instance {
  /** Where operations are sent: `http://10.0.0.7:4004/graphql`. Two instances with one URL are one. */
  readonly url: string;
  /** `Host` header, and by it the TLS name, where `url` holds an address that was looked up: `reviews.internal:4004`. */
  readonly host?: string;
  readonly zone?: string;
  /** Its share of the load beside that of the others; more than 0. */
  readonly weight: number;
  /** Instances of a higher number are asked only while all of the lower ones are ejected. Source: RFC 2782. */
  readonly priority: number;
}

export interface InstanceAddress {
  readonly scheme: 'http' | 'https';
  /** A host name, or an address of either family without brackets. */
  readonly host: string;
  readonly port: number;
  /** With its leading `/`. */
  readonly path: string;
}

/**
 * The URL of an instance. A registry is read by machines, and what it says decides where the credentials of clients go:
 * what is no host and port gives `undefined`, so that no `@`, `/` or `?` in a host leads elsewhere.
 */
export function instanceUrl({ scheme, host, port, path }: InstanceAddress): string | undefined {
  if (!isPort(port)) return undefined;
  const family = isIP(host);
  if (family === 0 && !isHostName(host)) return undefined;
  return `${scheme}://${family === 6 ? `[${host}]` : host}:${port}${path}`;
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port <= 65_535;
}

/** Source: RFC 1123, §2.1; underscores are in use, and a last dot is the root. */
export function isHostName(host: string): boolean {
  const labels = host.replace(/\.$/, '').split('.');
  return (
    host.length <= 254 && labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label))
  );
}

/** Reads `10.0.0.7:4004`, `[::1]:4004` and `reviews.internal:4004`. */
export function hostAndPort(text: string): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text.trim()) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host === undefined || !isPort(port) ? undefined : { host, port };
}

/** One order for one set, and no URL twice: a registry that lists anew is no change. */
export function inOrder(instances: readonly Instance[]): readonly Instance[] {
  const byUrl = new Map(instances.map((instance) => [instance.url, instance]));
  return [...byUrl.values()].sort((a, b) => (a.url < b.url ? -1 : a.url > b.url ? 1 : 0));
}
