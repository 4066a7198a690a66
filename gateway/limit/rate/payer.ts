import { isIPv6 } from 'node:net';
import type { ClientRequest } from '../../http/clientRequest.ts';

/** Whose points an operation takes, by the settings: `by: user`. */
export type PayerKind = 'user' | 'key' | 'role' | 'client' | 'address';

export const payerKinds = [
  'user',
  'key',
  'role',
  'client',
  'address',
] as const satisfies readonly PayerKind[];

/** What of a request says who pays. */
export interface Payer {
  readonly client: Pick<ClientRequest, 'principal' | 'headers' | 'address'>;
  /** The header in which clients give their name, in lower case. */
  readonly clientNameHeader: string;
}

/** The names by which a request is known as a kind of payer; a principal has several roles, and an anonymous one no id. */
export function payerNames(kind: PayerKind, { client, clientNameHeader }: Payer): readonly string[] {
  const { principal } = client;
  switch (kind) {
    case 'user':
    case 'key':
      return principal.kind === kind && principal.id !== undefined ? [principal.id] : [];
    case 'role':
      return principal.roles;
    case 'client': {
      const name = client.headers[clientNameHeader];
      return typeof name === 'string' && name !== '' ? [name] : [];
    }
    case 'address':
      return [networkOf(client.address)];
    default:
      return kind satisfies never;
  }
}

/**
 * The address as one that costs something to change. A provider gives each customer 2^64 addresses of IPv6, which are
 * one here. Source: RFC 6177 §2, a site gets a /64 at the least; RFC 4291 §2.5.5.2, addresses of IPv4 written in IPv6.
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const bare = address.split('%')[0] ?? '';
  if (!isIPv6(bare)) return address;
  const [head = '', tail] = bare.toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  const inTail =
    tail === undefined || tail === '' ? 0 : tail.split(':').length + (tail.includes('.') ? 1 : 0);
  while (tail !== undefined && groups.length < 8 - inTail) groups.push('0');
  const all = tail === undefined || tail === '' ? groups : [...groups, ...tail.split(':')];
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
