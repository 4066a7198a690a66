import { networkInterfaces } from 'node:os';
import type { Logger } from 'pino';

/** Where a subgraph registers itself: `REGISTER=consul://127.0.0.1:8500`, in its parts. */
export interface Registry {
  readonly kind: 'consul' | 'zookeeper' | 'eureka';
  /** `http` or `https` for the registries that speak it. */
  readonly protocol: 'http' | 'https';
  /** `127.0.0.1:8500`, or for ZooKeeper several with commas between. */
  readonly hosts: string;
  /** What stands behind, without a `/` at its end: `/services`. */
  readonly path: string;
  readonly token: string | undefined;
}

/** What a subgraph says of itself. */
export interface Announcement {
  /** `reviews` */
  readonly name: string;
  /** Unique among the instances, and the same after a restart: `reviews-10.0.0.7-4004`. */
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly zone: string | undefined;
}

/** A registration that is kept up. */
export interface Registration {
  /** Takes the instance out of the registry. Never throws: a registry that is away forgets the instance by itself. */
  end(): Promise<void>;
}

/** Registers at once, and again whenever the registry has forgotten. A registry that is away is asked again, and again. */
export type Register = (
  registry: Registry,
  announcement: Announcement,
  options: RegisterOptions,
) => Registration;

export interface RegisterOptions {
  readonly log: Logger;
  /** Time between two renewals, where it is not that of the registry. */
  readonly intervalMs?: number;
}

/**
 * Reads `consul://127.0.0.1:8500`, `consul+https://consul.internal`, `eureka://127.0.0.1:8761/eureka` and
 * `zookeeper://zk1:2181,zk2:2181/services`.
 * @returns `undefined` when it is none of these
 */
export function readRegistry(text: string, token: string | undefined): Registry | undefined {
  const [, kind = '', secure, hosts = '', path = ''] =
    /^(consul|zookeeper|eureka)(\+https)?:\/\/([^/\s?#]+)(\/[^\s?#]*)?$/.exec(text) ?? [];
  if (hosts === '' || (kind === 'zookeeper' && secure !== undefined)) return undefined;
  if (kind !== 'zookeeper' && !URL.canParse(`http://${hosts}`)) return undefined;
  return {
    kind: kind as Registry['kind'],
    protocol: secure === undefined ? 'http' : 'https',
    hosts,
    path: path.replace(/\/+$/, ''),
    token,
  };
}

/** The address that others reach this machine at, when the server listens on all of them. */
export function announcedHost(listensOn: string): string {
  if (!['0.0.0.0', '::'].includes(listensOn)) return listensOn;
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const outer = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  return outer?.address ?? '127.0.0.1';
}
