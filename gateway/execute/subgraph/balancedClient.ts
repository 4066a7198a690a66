import type { Logger } from 'pino';
import { Cancellation } from '../../runtime/cancellation.ts';
import type { FollowedInstances } from '../../supergraph/discoveries.ts';
import type { Instance } from '../../supergraph/instance.ts';
import type { Balanced, Balancer } from './balancer.ts';
import { httpError, isRefusedCertificate } from './failures.ts';
import { SubgraphClient, type SubgraphClientOptions } from './subgraphClient.ts';
import type { ReceivedAnswer } from './traffic/receivedAnswer.ts';
import type { SubgraphCall } from './traffic/subgraphCall.ts';
import { type Verdict, verdictOfAnswer, verdictOfError } from './traffic/verdict.ts';

export interface BalancedClientOptions extends Omit<SubgraphClientOptions, 'url'> {
  readonly instances: FollowedInstances;
  /** It may be that of another client too, of the engine before or after: what is known of instances is known to both. */
  readonly balancer: Balancer;
  readonly log: Logger;
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
  /** Of instances that are gone. */
  readonly #closing = new Set<Promise<void>>();
  readonly #ending = new Cancellation();
  readonly #stopPlanning: () => void;
  #probeTimer: NodeJS.Timeout | undefined;

  constructor(options: BalancedClientOptions) {
    this.#options = options;
    const { instances, balancer } = options;
    this.#balancer = balancer;
    this.#stopPlanning = balancer.onEjected(() => this.#planProbe());
    instances.onChange((changed) => this.#update(changed));
    this.#update(instances.current);
    // what another client has ejected is probed by this one when that is closed
    this.#planProbe();
  }

  /** Resolves when the registry was asked once. */
  get firstRead(): Promise<void> {
    return this.#options.instances.firstRead;
  }

  /** @throws as `SubgraphClient.send`; GatewayError SUBREQUEST_HTTP_ERROR when there is no instance */
  async send(call: SubgraphCall): Promise<ReceivedAnswer> {
    let tried = call.progress?.tried;
    for (let tries = 1; ; tries += 1) {
      const picked = this.#balancer.pick(tried);
      if (picked === undefined) throw httpError(this.#options.subgraph, 'no instance is known');
      call.progress?.tried.push(picked);
      try {
        const answer = await this.#sendTo(picked.instance, call);
        this.#end(picked, verdictOfAnswer(answer));
        return answer;
      } catch (error) {
        this.#end(picked, verdictOfError(error));
        tried = call.progress?.tried ?? [...(tried ?? []), picked];
        const isLast = tries >= Math.min(MOST_TRIES, this.#balancer.all.length);
        if (isLast || call.cancellation.isCancelled || !wasNotTaken(error)) throw error;
      }
    }
  }

  async close(): Promise<void> {
    this.#ending.cancel();
    this.#stopPlanning();
    clearTimeout(this.#probeTimer);
    this.#options.instances.release();
    const clients = [...this.#clients.values()];
    this.#clients.clear();
    await Promise.all([...clients.map((client) => client.close()), ...this.#closing]);
  }

  #sendTo({ url, host }: Instance, call: SubgraphCall): Promise<ReceivedAnswer> {
    let client = this.#clients.get(url);
    if (client === undefined) {
      const { instances: _instances, balancer: _balancer, log: _log, ...options } = this.#options;
      client = new SubgraphClient({ ...options, url });
      this.#clients.set(url, client);
    }
    return client.send(host === undefined ? call : { ...call, headers: { ...call.headers, host } });
  }

  #update(instances: readonly Instance[]): void {
    this.#balancer.update(instances);
    const listed = new Set(instances.map(({ url }) => url));
    for (const [url, client] of this.#clients) {
      if (listed.has(url)) continue;
      this.#clients.delete(url);
      const closing = client.close();
      this.#closing.add(closing);
      void closing.finally(() => this.#closing.delete(closing));
    }
  }

  #end(picked: Balanced, verdict: Verdict): void {
    if (!this.#balancer.onResult(picked, verdict)) return;
    const { log, subgraph } = this.#options;
    log.warn(
      { subgraph, instance: picked.instance.url },
      'instance ejected: it failed several times in a row',
    );
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
    const { log, subgraph, timeoutMs } = this.#options;
    await Promise.all(
      this.#balancer.takeDueForProbe(timeoutMs).map(async (due) => {
        const call: SubgraphCall = {
          body: PROBE,
          headers: {},
          cancellation: this.#ending,
          isShareable: false,
          isRepeatable: true,
          deadlineMs: performance.now() + timeoutMs,
        };
        const isWell = await this.#sendTo(due.instance, call).then(
          (answer) => verdictOfAnswer(answer) === 'ok',
          () => false,
        );
        // whether it was well is not known: who asks it next finds out
        if (this.#ending.isCancelled) return;
        this.#balancer.onProbe(due, isWell);
        if (isWell) log.info({ subgraph, instance: due.instance.url }, 'instance back: it answers again');
      }),
    );
    this.#planProbe();
  }
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
  const { code, errors } = (error ?? {}) as {
    readonly code?: unknown;
    readonly errors?: unknown;
  };
  // a name with several addresses: one error for each
  const codes = Array.isArray(errors) ? errors.map((each) => (each as { code?: unknown }).code) : [code];
  return codes.every(
    (each) => typeof each === 'string' && (NOT_TAKEN.has(each) || isRefusedCertificate(each)),
  );
}
