import { Resolver } from 'node:dns/promises';
import type { DiscoverySettings } from '../discoverySettings.ts';
import { isHostName } from '../instance.ts';

export interface LookedUp {
  readonly addresses: readonly string[];
  /** The shortest time that one of the answers may be kept. */
  readonly ttlMs: number;
}

export interface ServiceRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** A name that does not exist, or has no such record, has no instances: Kubernetes says so while no pod is ready. */
const NOTHING = new Set(['ENOTFOUND', 'ENODATA']);
const SHORTEST_TTL_MS = 1_000;

/** Look-ups of one discovery: what is not there is empty, what fails throws. */
export class NameServer {
  readonly #resolver: Resolver;
  readonly #settings: DiscoverySettings['dns'];

  constructor({ dns, timeout_ms }: DiscoverySettings) {
    // c-ares asks each server twice, the second time for twice as long
    this.#resolver = new Resolver({ timeout: Math.ceil(timeout_ms / 3), tries: 2 });
    if (dns.servers.length > 0) this.#resolver.setServers(dns.servers);
    this.#settings = dns;
  }

  /**
   * Addresses of both families, as the settings say.
   * @throws Error when the name servers fail for all that is wanted: one family that fails beside one that answers is a
   *   name server that does not know AAAA
   */
  async addresses(name: string, signal: AbortSignal): Promise<LookedUp> {
    const { family } = this.#settings;
    const cancel = (): void => this.#resolver.cancel();
    signal.addEventListener('abort', cancel);
    try {
      const answers = await Promise.allSettled([
        ...(family === '6' ? [] : [this.#resolver.resolve4(name, { ttl: true })]),
        ...(family === '4' ? [] : [this.#resolver.resolve6(name, { ttl: true })]),
      ]);
      const failed = answers.filter((answer) => answer.status === 'rejected' && !isNothing(answer.reason));
      const records = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
      const [failure] = failed;
      if (records.length === 0 && failure?.status === 'rejected') throw lookUpFailed(name, failure.reason);
      return {
        addresses: records.map(({ address }) => address),
        ttlMs: this.#boundedMs(Math.min(...records.map(({ ttl }) => ttl * 1_000))),
      };
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  /** Node.js does not tell the TTL of SRV records; that of their targets' addresses stands in for it. */
  async services(name: string, signal: AbortSignal): Promise<readonly ServiceRecord[]> {
    const cancel = (): void => this.#resolver.cancel();
    signal.addEventListener('abort', cancel);
    try {
      const records = await this.#resolver.resolveSrv(name);
      // "A Target of "." means that the service is decidedly not available at this domain." RFC 2782
      return records.filter((record) => record.name !== '' && record.name !== '.' && isHostName(record.name));
    } catch (error) {
      if (isNothing(error)) return [];
      throw lookUpFailed(name, error);
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  /** For an answer without records as for one whose TTL is too short or too long to wait for. */
  #boundedMs(ttlMs: number): number {
    const { max_ttl_ms } = this.#settings;
    if (!Number.isFinite(ttlMs)) return Math.min(SHORTEST_TTL_MS, max_ttl_ms);
    return Math.min(Math.max(ttlMs, SHORTEST_TTL_MS), max_ttl_ms);
  }
}

function isNothing(error: unknown): boolean {
  return NOTHING.has((error as NodeJS.ErrnoException).code ?? '');
}

const WORDS: Readonly<Record<string, string>> = {
  ESERVFAIL: 'the name server failed (SERVFAIL)',
  EREFUSED: 'the name server refuses to answer (REFUSED)',
  ETIMEOUT: 'no name server answers in time',
  ECONNREFUSED: 'no name server can be reached',
  EBADRESP: 'the answer of the name server cannot be read',
};

function lookUpFailed(name: string, cause: unknown): Error {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  return new Error(`"${name}" could not be looked up: ${WORDS[code] ?? message}`, { cause });
}
