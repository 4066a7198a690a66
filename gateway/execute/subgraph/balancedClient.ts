import type { Logger } from 'pino';
import { GatewayError } from '../../errors.ts';
import { Cancellation } from '../../runtime/cancellation.ts';
import type { FollowedInstances } from '../../supergraph/discoveries.ts';
import type { Instance } from '../../supergraph/instance.ts';
import { type Balanced, Balancer, type EjectionOptions } from './balancer.ts';
import { ExchangeEnded } from './exchange.ts';
import { isRefusedCertificate } from './failures.ts';
import { SubgraphClient, type SubgraphClientOptions } from './subgraphClient.ts';
import type { SubgraphRequest, SubgraphResponse } from './subgraphRequest.ts';

/** How the load of every subgraph is spread over its instances. */
export interface BalancingOptions {
  readonly ejection: EjectionOptions;
  /** Zone of this gateway. */
  readonly zone: string | undefined;
  readonly log: Logger;
}

export interface BalancedClientOptions extends Omit<SubgraphClientOptions, 'url'>, BalancingOptions {
  readonly instances: FollowedInstances;
}

/** A request that nobody took is sent to this many instances in all. */
const MOST_TRIES = 3;
/** Any subgraph answers it, and it asks nothing of its data. */
const PROBE = JSON.stringify({ query: '{ __typename }' });

/**
 * The connections to the instances of one subgraph. Instances come and go while it is in use: one that is gone gets no more
 * requests, and ends those that it has. A request that an instance did not take (its port is closed) goes to another one at
 * once: nothing was sent, so that it may be a mutation too.
 */
export class BalancedClient {
  readonly #options: BalancedClientOptions;
  readonly #balancer: Balancer;
  readonly #clients = new Map<string, SubgraphClient>();
  /** Who has a call that equal ones may share, while it is in flight: drawn anew, they would be calls of their own. */
  readonly #asked = new Map<string, Balanced>();
  /** Of instances that are gone. */
  readonly #closing = new Set<Promise<void>>();
  readonly #ending = new Cancellation();
  #probeTimer: NodeJS.Timeout | undefined;

  constructor(options: BalancedClientOptions) {
    this.#options = options;
    const { ejection, zone, instances } = options;
    this.#balancer = new Balancer({ ejection, zone });
    instances.onChange((changed) => this.#update(changed));
    this.#update(instances.current);
  }

  /** Resolves when the registry was asked once. */
  get firstRead(): Promise<void> {
    return this.#options.instances.firstRead;
  }

  /** @throws GatewayError as `SubgraphClient.send`; SUBREQUEST_HTTP_ERROR when there is no instance */
  async send(request: SubgraphRequest): Promise<SubgraphResponse> {
    const key = request.isShareable ? `${JSON.stringify(request.headers)}${request.body}` : undefined;
    const asked = key === undefined ? undefined : this.#asked.get(key);
    // its client answers both with one call, which is counted once
    if (asked !== undefined && this.#clients.has(asked.instance.url)) {
      try {
        return await this.#sendTo(asked.instance, request);
      } catch (error) {
        if (!wasNotTaken(error)) throw error;
      }
    }
    return this.#sendToOne(request, key);
  }

  async #sendToOne(request: SubgraphRequest, key: string | undefined): Promise<SubgraphResponse> {
    const startedAt = performance.now();
    const tried = new Set<Balanced>();
    for (let next = request; ; next = { ...request, timeoutMs: this.#leftMs(startedAt) }) {
      const picked = this.#balancer.pick(tried.size === 0 ? undefined : tried);
      if (picked === undefined) throw this.#noInstance();
      if (key !== undefined) this.#asked.set(key, picked);
      try {
        const response = await this.#sendTo(picked.instance, next);
        this.#end(picked, resultOf(response));
        return response;
      } catch (error) {
        this.#end(picked, failureOf(error));
        tried.add(picked);
        const isLast = tried.size >= Math.min(MOST_TRIES, this.#balancer.all.length);
        if (isLast || request.cancellation.isCancelled || !wasNotTaken(error)) throw error;
      } finally {
        if (key !== undefined && this.#asked.get(key) === picked) this.#asked.delete(key);
      }
    }
  }

  /** All tries together have the time of one request. */
  #leftMs(startedAt: number): number {
    return Math.max(1, this.#options.timeoutMs - (performance.now() - startedAt));
  }

  async close(): Promise<void> {
    this.#ending.cancel();
    clearTimeout(this.#probeTimer);
    this.#options.instances.release();
    await Promise.all([...Array.from(this.#clients.values(), (client) => client.close()), ...this.#closing]);
  }

  #sendTo({ url, host }: Instance, request: SubgraphRequest): Promise<SubgraphResponse> {
    const client = this.#clients.get(url);
    if (client === undefined) throw new Error(`The instance ${url} has no client.`);
    return client.send(host === undefined ? request : { ...request, headers: { ...request.headers, host } });
  }

  #update(instances: readonly Instance[]): void {
    const { instances: _instances, ejection: _ejection, zone: _zone, log: _log, ...options } = this.#options;
    for (const { url } of this.#balancer.update(instances)) {
      const client = this.#clients.get(url);
      if (client === undefined) continue;
      this.#clients.delete(url);
      const closing = client.close();
      this.#closing.add(closing);
      void closing.finally(() => this.#closing.delete(closing));
    }
    for (const { url } of instances) {
      if (!this.#clients.has(url)) this.#clients.set(url, new SubgraphClient({ ...options, url }));
    }
  }

  #end(picked: Balanced, result: Result): void {
    if (!this.#balancer.onResult(picked, result)) return;
    const { log, subgraph } = this.#options;
    log.warn(
      { subgraph, instance: picked.instance.url },
      'instance ejected: it failed several times in a row',
    );
    this.#planProbe();
  }

  #planProbe(): void {
    clearTimeout(this.#probeTimer);
    const inMs = this.#balancer.nextProbeInMs();
    if (inMs === undefined || this.#ending.isCancelled) return;
    this.#probeTimer = setTimeout(() => void this.#probe(), inMs);
    this.#probeTimer.unref();
  }

  /** No request of a client is risked to find out whether an instance is back. */
  async #probe(): Promise<void> {
    const { log, subgraph } = this.#options;
    await Promise.all(
      this.#balancer.dueForProbe().map(async (due) => {
        const request = {
          body: PROBE,
          headers: {},
          cancellation: this.#ending,
          isShareable: false,
          isRepeatable: true,
        };
        const result = await this.#sendTo(due.instance, request).then(resultOf, failureOf);
        this.#balancer.onProbe(due, result === 'ok');
        if (result === 'ok')
          log.info({ subgraph, instance: due.instance.url }, 'instance back: it answers again');
      }),
    );
    this.#planProbe();
  }

  #noInstance(): GatewayError {
    const { subgraph } = this.#options;
    const reason = 'no instance is known';
    return new GatewayError('SUBREQUEST_HTTP_ERROR', {
      message: `HTTP fetch failed from '${subgraph}': ${reason}`,
      subgraph,
      extensions: { reason },
    });
  }
}

type Result = Parameters<Balancer['onResult']>[1];

/** An instance that says what is wrong with a request is well; one that fails is not, also when it says so in GraphQL. */
function resultOf({ failedStatus = 200 }: SubgraphResponse): Result {
  return failedStatus >= 500 ? 'failed' : 'ok';
}

function failureOf(error: unknown): Result {
  if (!(error instanceof GatewayError)) return 'ignored';
  const { cause, extensions } = error;
  if (cause instanceof ExchangeEnded && cause.reason !== 'deadline') return 'ignored';
  const status = extensions.subrequestStatus;
  return typeof status === 'number' && status < 500 ? 'ok' : 'failed';
}

/** Nothing was sent: there was no connection (that its certificate was refused counts too), or the instance was gone between its choice and its turn. */
const NOT_TAKEN = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
]);

function wasNotTaken(error: unknown): boolean {
  const cause = error instanceof GatewayError ? error.cause : undefined;
  const { code, errors } = (cause ?? {}) as { readonly code?: unknown; readonly errors?: unknown };
  // a name with several addresses: one error for each
  const codes = Array.isArray(errors) ? errors.map((each) => (each as { code?: unknown }).code) : [code];
  return codes.every(
    (each) => typeof each === 'string' && (NOT_TAKEN.has(each) || isRefusedCertificate(each)),
  );
}
