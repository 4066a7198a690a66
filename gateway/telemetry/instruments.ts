/** What one instrument measures, as an exporter needs to know it. */
export interface Instrument {
  /** As exporters write it; Prometheus has `_` for `.`. */
  readonly name: string;
  /** A counter adds up, a histogram sees each value, a gauge is read when somebody asks. */
  readonly kind: 'counter' | 'histogram' | 'gauge';
  /** Of UCUM, as OpenTelemetry writes units: `s`, `By`, `{operation}`. */
  readonly unit: string;
  /** Names of its attributes. None holds what a client chose, such as the name of an operation: their number is bounded. */
  readonly attributes: readonly string[];
  readonly description: string;
}

/**
 * Everything that the gateway measures.
 * Source: OpenTelemetry semantic conventions (`http.client.request.duration`, seconds); Apollo Router (`subgraph.name`).
 */
export const instruments = {
  requestsInFlight: {
    name: 'http.server.active_requests',
    kind: 'gauge',
    unit: '{request}',
    attributes: [],
    description: 'Requests for GraphQL that have been taken, and whose answers are not read yet.',
  },
  overloadRefusals: {
    name: 'tributary.overload.refusals',
    kind: 'counter',
    unit: '{request}',
    attributes: ['reason'],
    description:
      'Requests that were refused as too much: `requests` in flight, operations in `planning`, or a lack of `heap`, `memory` or time in the `event_loop`.',
  },
  unreadAnswers: {
    name: 'tributary.http.server.unread_answers',
    kind: 'counter',
    unit: '{request}',
    attributes: [],
    description: 'Requests whose client did not read the answer, and was disconnected.',
  },
  heapUtilization: {
    name: 'tributary.heap.utilization',
    kind: 'gauge',
    unit: '1',
    attributes: [],
    description: 'Share of V8’s heap that is in use, garbage included, without the youngest objects.',
  },
  containerMemoryUtilization: {
    name: 'tributary.container.memory.utilization',
    kind: 'gauge',
    unit: '1',
    attributes: [],
    description: 'Share of the container’s memory that its processes use; 0 without a limit.',
  },
  eventLoopDelay: {
    name: 'nodejs.eventloop.delay.mean',
    kind: 'gauge',
    unit: 's',
    attributes: [],
    description: 'By how much the event loop is late, on average over half a second.',
  },
  authentications: {
    name: 'tributary.authentication.requests',
    kind: 'counter',
    unit: '{request}',
    attributes: ['authentication.result'],
    description:
      'Requests by what their credentials proved: `anonymous`, `user`, `key`, or the reason of the refusal (`EXPIRED_SIGNATURE` …).',
  },
  planLookups: {
    name: 'tributary.query_planning.cache.lookups',
    kind: 'counter',
    unit: '{lookup}',
    attributes: ['result'],
    description: 'Operations looked up in the plan cache: `hit` or `miss`.',
  },
  planCacheOperations: {
    name: 'tributary.query_planning.cache.operations',
    kind: 'gauge',
    unit: '{operation}',
    attributes: [],
    description: 'Operations in the plan cache.',
  },
  planCacheBytes: {
    name: 'tributary.query_planning.cache.size',
    kind: 'gauge',
    unit: 'By',
    attributes: [],
    description: 'Estimated memory of the plan cache.',
  },
  planningDuration: {
    name: 'tributary.query_planning.duration',
    kind: 'histogram',
    unit: 's',
    attributes: ['outcome'],
    description:
      'From asking for a plan, waiting included, to having it: `planned`, or the code of the error that came instead.',
  },
  planningQueue: {
    name: 'tributary.query_planning.queue.length',
    kind: 'gauge',
    unit: '{operation}',
    attributes: [],
    description: 'Operations that wait to be planned.',
  },
  warmUps: {
    name: 'tributary.query_planning.warm_up.operations',
    kind: 'counter',
    unit: '{operation}',
    attributes: ['result'],
    description:
      'Operations that were to be prepared before a swap: `prepared`, `invalid` on the new supergraph, `failed`, or `late`.',
  },
  subgraphRequestDuration: {
    name: 'http.client.request.duration',
    kind: 'histogram',
    unit: 's',
    attributes: ['subgraph.name', 'outcome'],
    description:
      'One request to a subgraph, to its last byte: `answered`, the code of the error that came instead, or `cancelled` when nobody waited for it any more.',
  },
  subgraphInFlight: {
    name: 'http.client.active_requests',
    kind: 'gauge',
    unit: '{request}',
    attributes: ['subgraph.name'],
    description: 'Requests to a subgraph that have no answer yet.',
  },
  subgraphQueue: {
    name: 'tributary.subgraph.queue.length',
    kind: 'gauge',
    unit: '{request}',
    attributes: ['subgraph.name'],
    description: 'Requests that wait because as many as may be are in flight to their subgraph.',
  },
  subgraphShed: {
    name: 'tributary.subgraph.queue.refused',
    kind: 'counter',
    unit: '{request}',
    attributes: ['subgraph.name'],
    description: 'Requests that were not sent, as too many waited, or they had waited too long.',
  },
  subgraphRetries: {
    name: 'tributary.subgraph.retries',
    kind: 'counter',
    unit: '{request}',
    attributes: ['subgraph.name', 'reason'],
    description: 'Queries that were sent again, by why: `status`, `timeout` or `connection`.',
  },
  retryBudgetExhausted: {
    name: 'tributary.subgraph.retry_budget.exhausted',
    kind: 'counter',
    unit: '{request}',
    attributes: ['subgraph.name'],
    description: 'Queries that were not sent again because the retry budget was used up.',
  },
  hedges: {
    name: 'tributary.subgraph.hedging.requests',
    kind: 'counter',
    unit: '{request}',
    attributes: ['subgraph.name'],
    description: 'Queries that were slow and sent a second time.',
  },
  hedgeWins: {
    name: 'tributary.subgraph.hedging.wins',
    kind: 'counter',
    unit: '{request}',
    attributes: ['subgraph.name'],
    description: 'Those of them that were answered by the second call.',
  },
  hedgingDelay: {
    name: 'tributary.subgraph.hedging.delay',
    kind: 'gauge',
    unit: 's',
    attributes: ['subgraph.name'],
    description: 'After what time a query is slow now.',
  },
  breakerState: {
    name: 'tributary.subgraph.circuit_breaker.state',
    kind: 'gauge',
    unit: '1',
    attributes: ['subgraph.name'],
    description: 'Circuit breaker of a subgraph: 0 closed, 1 open or half open.',
  },
  breakerChanges: {
    name: 'tributary.subgraph.circuit_breaker.changes',
    kind: 'counter',
    unit: '{change}',
    attributes: ['subgraph.name', 'state'],
    description: 'Changes of a circuit breaker, by what it became: `open`, `half_open` or `closed`.',
  },
  breakerRefusals: {
    name: 'tributary.subgraph.circuit_breaker.short_circuits',
    kind: 'counter',
    unit: '{request}',
    attributes: ['subgraph.name'],
    description: 'Requests that a circuit breaker did not let through.',
  },
  subgraphInstances: {
    name: 'tributary.subgraph.instances',
    kind: 'gauge',
    unit: '{instance}',
    attributes: ['subgraph.name', 'state'],
    description: 'Instances of a subgraph that a registry finds: `healthy` or `ejected`.',
  },
  instanceEjections: {
    name: 'tributary.subgraph.instances.ejections',
    kind: 'counter',
    unit: '{ejection}',
    attributes: ['subgraph.name'],
    description: 'Instances that were ejected after failures in a row.',
  },
  certificateExpiry: {
    name: 'tributary.tls.certificate.expires_in',
    kind: 'gauge',
    unit: 's',
    attributes: [],
    description:
      'Until the first certificate of `tls` and `listen.tls` expires; negative when one has, and no number where none is configured.',
  },
  swapDuration: {
    name: 'tributary.supergraph.swap.duration',
    kind: 'histogram',
    unit: 's',
    attributes: ['outcome'],
    description:
      'Building the engine of a supergraph and warming it up: `in_force`, or the code of the error.',
  },
  costEstimated: {
    name: 'cost.estimated',
    kind: 'histogram',
    unit: '{point}',
    attributes: ['cost.result'],
    description: 'Estimated cost of operations: `COST_OK`, or the code of the refusal.',
  },
  costActual: {
    name: 'cost.actual',
    kind: 'histogram',
    unit: '{point}',
    attributes: ['cost.result'],
    description: 'Cost of operations by the data that they got.',
  },
  costDelta: {
    name: 'cost.delta',
    kind: 'histogram',
    unit: '{point}',
    attributes: ['cost.result'],
    description: 'Estimated less actual cost.',
  },
  persistedOperations: {
    name: 'tributary.persisted_queries.requests',
    kind: 'counter',
    unit: '{operation}',
    attributes: ['result'],
    description:
      'Requests that the persisted query list had something to say of: `not_found`, `logged` or `rejected`.',
  },
  rateLimitCharges: {
    name: 'tributary.rate_limit.charges',
    kind: 'counter',
    unit: '{operation}',
    attributes: ['result'],
    description: 'Operations charged to a budget: `admitted` or `refused`.',
  },
  rateLimitStoreFailures: {
    name: 'tributary.rate_limit.store.failures',
    kind: 'counter',
    unit: '{operation}',
    attributes: ['policy'],
    description: 'Operations whose budgets Redis did not answer for, by what was done instead.',
  },
} as const satisfies Readonly<Record<string, Instrument>>;

export type InstrumentKey = keyof typeof instruments;

type KeysOfKind<Kind extends Instrument['kind']> = {
  [Key in InstrumentKey]: (typeof instruments)[Key]['kind'] extends Kind ? Key : never;
}[InstrumentKey];

/** Those whose values are told when they happen. */
export type MeasuredKey = KeysOfKind<'counter' | 'histogram'>;
/** Those that are read when somebody asks. */
export type GaugeKey = KeysOfKind<'gauge'>;

/** The attributes of an instrument, all of them. */
export type AttributesOf<Key extends InstrumentKey> = Readonly<
  Record<(typeof instruments)[Key]['attributes'][number], string>
>;
