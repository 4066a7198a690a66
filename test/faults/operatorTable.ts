/** One row of the table for operators in gateway/README.md, "When a subgraph fails". */
export interface OperatorRow {
  readonly fails: string;
  readonly sees: string;
  readonly settings: string;
  /** `outcome` of `http.client.request.duration` for the fetch. */
  readonly outcome: string;
  /** Whether the log has a line of level `warn` with `code`, `subgraph` and `requestId`. */
  readonly isLogged: boolean;
  /** What else tells of it. */
  readonly watch?: string;
}

/** Every way of failing that the gateway answers in a way of its own; `faults.ts` and `scenarios.ts` provoke each. */
export const operatorRows = {
  slow: {
    fails: 'It does not answer in time: nothing comes, or headers or body stop, or come byte by byte.',
    sees: '`GATEWAY_TIMEOUT`',
    settings: '`traffic_shaping.all.timeout_ms`, `traffic_shaping.all.total_timeout_ms`',
    outcome: 'GATEWAY_TIMEOUT',
    isLogged: true,
  },
  refused: {
    fails: 'Nothing listens at its address.',
    sees: '`SUBREQUEST_HTTP_ERROR`, at once',
    settings: '`routing_url`',
    outcome: 'SUBREQUEST_HTTP_ERROR',
    isLogged: true,
  },
  unreachable: {
    fails: 'Its host does not answer: no connection comes about.',
    sees: '`GATEWAY_TIMEOUT`',
    settings: '`traffic_shaping.all.timeout_ms`',
    outcome: 'GATEWAY_TIMEOUT',
    isLogged: true,
  },
  certificate: {
    fails:
      'Its certificate is not trusted, is not valid now, or is for another name; or it takes no secure connection.',
    sees: '`SUBREQUEST_HTTP_ERROR` with the reason',
    settings: '`tls`',
    outcome: 'SUBREQUEST_HTTP_ERROR',
    isLogged: true,
    watch: 'names under `detail`',
  },
  keptConnection: {
    fails: 'It closes a kept connection while a request is on its way.',
    sees: 'of a query nothing: it is sent once more, on a fresh connection, within the same time; of a mutation `SUBREQUEST_HTTP_ERROR`',
    settings: '',
    outcome: 'answered',
    isLogged: false,
  },
  broken: {
    fails: 'It resets or closes the connection before the answer is complete.',
    sees: '`SUBREQUEST_HTTP_ERROR`',
    settings: '',
    outcome: 'SUBREQUEST_HTTP_ERROR',
    isLogged: true,
  },
  notHttp: {
    fails:
      'What comes is not proper HTTP: another protocol, two lengths, a length and chunks, headers of more than 16 kB, an upgrade.',
    sees: '`SUBREQUEST_HTTP_ERROR`; the connection is closed',
    settings: '',
    outcome: 'SUBREQUEST_HTTP_ERROR',
    isLogged: true,
  },
  status: {
    fails: 'It answers with an HTTP status of no success, a redirect among them, and no GraphQL.',
    sees: '`SUBREQUEST_HTTP_ERROR`, the status in `extensions.http.status`. Redirects are not followed',
    settings: '',
    outcome: 'SUBREQUEST_HTTP_ERROR',
    isLogged: true,
  },
  statusWithErrors: {
    fails: 'It answers with such a status, and GraphQL.',
    sees: 'its data and its errors, and `SUBREQUEST_HTTP_ERROR` with the status',
    settings: '`include_subgraph_errors`',
    outcome: 'answered',
    isLogged: true,
  },
  malformed: {
    fails:
      'The body is no JSON in UTF-8, is cut off, or has no content type of JSON: HTML, an empty body, a 204, an encoding that was not asked for.',
    sees: '`SUBREQUEST_MALFORMED_RESPONSE`',
    settings: '',
    outcome: 'SUBREQUEST_MALFORMED_RESPONSE',
    isLogged: true,
  },
  tooLarge: {
    fails: 'The body is too large.',
    sees: '`SUBREQUEST_MALFORMED_RESPONSE`; the connection is closed, the rest is not read',
    settings: '`traffic_shaping.all.max_response_bytes`',
    outcome: 'SUBREQUEST_MALFORMED_RESPONSE',
    isLogged: true,
  },
  notGraphql: {
    fails: 'The JSON is no GraphQL response: neither data nor errors, or either of the wrong type.',
    sees: '`SUBREQUEST_MALFORMED_RESPONSE`',
    settings: '',
    outcome: 'SUBREQUEST_MALFORMED_RESPONSE',
    isLogged: true,
  },
  entities: {
    fails: 'The list of entities is longer or shorter than what was asked for, or has no objects in it.',
    sees: '`SUBREQUEST_MALFORMED_RESPONSE`; no entity is assigned by guess',
    settings: '',
    outcome: 'answered',
    isLogged: true,
  },
  unknownEntity: {
    fails: 'It does not know an entity: `null`, and no error.',
    sees: '`null`: that is data',
    settings: '',
    outcome: 'answered',
    isLogged: false,
  },
  wrongType: {
    fails: 'A value is not of its type, or nests deeper than 200 levels.',
    sees: '`null` for the value, which goes up to where null may stand, and `RESPONSE_VALIDATION_FAILED` at its path',
    settings: '',
    outcome: 'answered',
    isLogged: false,
  },
  reported: {
    fails: 'It reports errors of GraphQL.',
    sees: 'each error at its path, with its own code, else `DOWNSTREAM_SERVICE_ERROR`; redacted in production',
    settings: '`include_subgraph_errors`',
    outcome: 'answered',
    isLogged: false,
  },
  tooManyErrors: {
    fails: 'It reports more than 99 errors.',
    sees: 'the first 99, and one that counts the others',
    settings: '`limits.max_errors`, for the whole answer',
    outcome: 'answered',
    isLogged: false,
  },
  dependent: {
    fails: 'Another subgraph needs what should have come of it (`@requires`, keys).',
    sees: 'that one is not asked; one error, of the subgraph that failed',
    settings: '',
    outcome: 'SUBREQUEST_HTTP_ERROR',
    isLogged: true,
  },
  busy: {
    fails: 'It is slow or dead while many ask for it.',
    sees: '`GATEWAY_TIMEOUT`, or `REQUEST_CONCURRENCY_LIMITED` for those that have not come to their turn; who asks other subgraphs does not feel it',
    settings: '`traffic_shaping.all.max_connections`, `traffic_shaping.all.timeout_ms`',
    outcome: 'GATEWAY_TIMEOUT',
    isLogged: true,
  },
  retried: {
    fails: 'It gives a query no answer, none in time, or a status that says so, and retries are on.',
    sees: 'nothing, when another try is answered; otherwise what the last try came to',
    settings: '`traffic_shaping.all.retry`',
    outcome: 'answered',
    isLogged: false,
    watch: '`tributary.subgraph.retries`',
  },
  retryBudget: {
    fails: 'It fails so often that trying again would only add to its load.',
    sees: 'what the first try came to',
    settings: '`traffic_shaping.all.retry.budget`',
    outcome: 'SUBREQUEST_HTTP_ERROR',
    isLogged: true,
    watch: '`tributary.subgraph.retry_budget.exhausted`',
  },
  hedged: {
    fails: 'One of its answers takes longer than most, and hedging is on.',
    sees: 'nothing: a query is sent a second time, and the first answer is taken',
    settings: '`traffic_shaping.all.hedging`',
    outcome: 'answered',
    isLogged: false,
    watch: '`tributary.subgraph.hedging.requests`, `tributary.subgraph.hedging.wins`',
  },
  shed: {
    fails: 'More ask for it than it may have in flight, and than may wait.',
    sees: '`REQUEST_CONCURRENCY_LIMITED`, at once or after `max_wait_ms`; nothing was sent',
    settings: '`traffic_shaping.all.concurrency`',
    outcome: 'REQUEST_CONCURRENCY_LIMITED',
    isLogged: true,
    watch: '`tributary.subgraph.queue.refused`',
  },
  breakerOpen: {
    fails: 'It has failed too often of late: its circuit breaker is open.',
    sees: '`SUBGRAPH_CIRCUIT_BREAKER_REJECTED`, at once; nothing was sent',
    settings: '`traffic_shaping.all.circuit_breaker`',
    outcome: 'SUBGRAPH_CIRCUIT_BREAKER_REJECTED',
    isLogged: true,
    watch: '`tributary.subgraph.circuit_breaker.changes`, `circuit breaker open`',
  },
  wholeRequest: {
    fails: 'The whole request takes too long, by one subgraph or several.',
    sees: 'status 504, `GATEWAY_TIMEOUT`; what is in flight to subgraphs is ended',
    settings: '`traffic_shaping.inbound.timeout_ms`',
    outcome: 'cancelled',
    isLogged: false,
  },
  clientGone: {
    fails: 'The client goes away first.',
    sees: 'nothing any more; what is in flight to subgraphs is ended when it has not come to its end within 100 ms, and counts as no failure of theirs',
    settings: '',
    outcome: 'cancelled',
    isLogged: false,
  },
  refusedInstance: {
    fails: 'One of its instances takes no connection.',
    sees: 'nothing: another one is asked at once, three in all. Nothing was sent, so mutations too',
    settings: '`routing_url`, `discovery`',
    outcome: 'answered',
    isLogged: false,
  },
  ejected: {
    fails: 'One of its instances fails several times in a row: no answer, none in time, a 5xx, no GraphQL.',
    sees: 'its errors until then; after that it is not asked for `base_ms`, doubling up to `max_ms`, and is taken back when it answers `{ __typename }`',
    settings: '`discovery.ejection`',
    outcome: 'answered',
    isLogged: false,
    watch: '`tributary.subgraph.instances.ejections`, `instance ejected`, `instance back`',
  },
  moved: {
    fails: 'Its instances move: others are listed, and those before end in order.',
    sees: 'nothing: those that are gone get no more requests, and end those that they have',
    settings: '`routing_url`, `discovery`',
    outcome: 'answered',
    isLogged: false,
  },
  noInstance: {
    fails: 'No instance of it is known.',
    sees: '`SUBREQUEST_HTTP_ERROR`, at once',
    settings: '`discovery.empty_after_ms`',
    outcome: 'SUBREQUEST_HTTP_ERROR',
    isLogged: true,
  },
  harmless: {
    fails:
      'It answers rightly, and more than that: fields, keys twice, keys such as `__proto__`, a second answer.',
    sees: 'what was asked for, and nothing else',
    settings: '',
    outcome: 'answered',
    isLogged: false,
  },
} as const satisfies Readonly<Record<string, OperatorRow>>;

export type RowKey = keyof typeof operatorRows;
