import type { Logger } from 'pino';
import type { FollowInstances } from '../../supergraph/discoveries.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { BalancedClient } from './balancedClient.ts';
import { Balancer, type EjectionOptions } from './balancer.ts';
import { failureOf } from './failures.ts';
import { SubgraphClient, type SubgraphClientOptions } from './subgraphClient.ts';
import type { SubgraphRequest, SubgraphResponse } from './subgraphRequest.ts';
import type { HeldStates } from './traffic/heldStates.ts';
import { withPolicies } from './traffic/policies.ts';
import { PolicyStates } from './traffic/policyStates.ts';
import type { SendCall } from './traffic/subgraphCall.ts';
import type { SubgraphTraffic } from './traffic/subgraphTraffic.ts';

/** How the load of every subgraph is spread over its instances. */
export interface BalancingOptions {
  readonly ejection: EjectionOptions;
  /** Zone of this gateway. */
  readonly zone: string | undefined;
}

export interface SubgraphSenderOptions extends SubgraphTraffic, SubgraphClientOptions {
  readonly balancing: BalancingOptions;
  readonly follow: FollowInstances;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  /** What is known of subgraphs; those who are given the same know the same. */
  readonly states: HeldStates;
}

/** Sends operations to one subgraph: to its one URL, or to one of its instances, by the policies of its traffic. */
export class SubgraphSender {
  readonly #options: SubgraphSenderOptions;
  readonly #states: PolicyStates;
  readonly #client: SubgraphClient | BalancedClient;
  readonly #send: SendCall;
  /** Time for a request in all. */
  readonly #timeoutMs: number;

  constructor(options: SubgraphSenderOptions) {
    this.#options = options;
    const { subgraph, log, telemetry, maxConnections } = options;
    const states = new PolicyStates(options);
    this.#states = states;
    const { client, addresses } = this.#newClient();
    this.#client = client;
    this.#send = withPolicies((call) => client.send(call), {
      traffic: options,
      subgraph,
      log,
      telemetry,
      states,
      connections: () => maxConnections * addresses(),
    });
    const { retry, timeoutMs, totalTimeoutMs } = options;
    this.#timeoutMs = retry === undefined ? Math.min(timeoutMs, totalTimeoutMs) : totalTimeoutMs;
  }

  /** Resolves when it is known whom to ask, as far as a registry says. */
  get firstRead(): Promise<void> | undefined {
    return this.#client instanceof BalancedClient ? this.#client.firstRead : undefined;
  }

  /**
   * Sends one operation.
   *
   * @throws GatewayError SUBREQUEST_HTTP_ERROR (no connection, or an HTTP error without a GraphQL body),
   *   SUBREQUEST_MALFORMED_RESPONSE (anything that is not a GraphQL response), GATEWAY_TIMEOUT. Messages name the
   *   subgraph and the reason, never an address.
   */
  async send(request: SubgraphRequest): Promise<SubgraphResponse> {
    try {
      const deadlineMs = performance.now() + this.#timeoutMs;
      return (await this.#send({ ...request, deadlineMs })).take();
    } catch (error) {
      const { subgraph, maxResponseBytes, timeoutMs, totalTimeoutMs } = this.#options;
      throw failureOf(error, { subgraph, maxResponseBytes, timeoutMs: Math.min(timeoutMs, totalTimeoutMs) });
    }
  }

  /** Waits for the requests in flight. */
  async close(): Promise<void> {
    await this.#client.close();
    this.#states.release();
  }

  #newClient(): { readonly client: SubgraphClient | BalancedClient; readonly addresses: () => number } {
    const { follow, balancing, log, ...options } = this.#options;
    const { subgraph, telemetry } = options;
    const instances = follow(subgraph, options.url);
    // a subgraph with a plain URL pays for nothing else
    if (instances === undefined) return { client: new SubgraphClient(options), addresses: () => 1 };
    const balancer = this.#states.get('balancer', balancing, () => {
      const state = new Balancer(balancing);
      const observe = (phase: 'healthy' | 'ejected', read: () => number): (() => void) =>
        telemetry.observe('subgraphInstances', read, { 'subgraph.name': subgraph, state: phase });
      const unobserve = [
        observe('healthy', () => state.all.length - state.ejected),
        observe('ejected', () => state.ejected),
        state.onEjected(() => telemetry.record('instanceEjections', 1, { 'subgraph.name': subgraph })),
      ];
      return { state, forget: () => unobserve.forEach((stop) => void stop()) };
    });
    return {
      client: new BalancedClient({ ...options, log, instances, balancer }),
      addresses: () => Math.max(1, balancer.all.length),
    };
  }
}

/** Resolves when every registry was asked once, so that an engine does not take requests before it knows whom to send them. */
export async function registriesAsked(senders: Iterable<SubgraphSender>): Promise<void> {
  await Promise.all(Array.from(senders, ({ firstRead }) => firstRead));
}
