import { pino } from 'pino';
import { once } from '../../gateway/commands/serving.ts';
import { freePorts } from '../support/freePorts.ts';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';
import {
  type AskKind,
  failingResolvers,
  failingSdl,
  inventoryResolvers,
  inventorySdl,
  operationFor,
  productsResolvers,
  productsSdl,
} from './faultyGraph.ts';
import {
  answerRightly,
  type FaultySubgraph,
  type FaultySubgraphOptions,
  type Misbehave,
  startFaultySubgraph,
} from './faultySubgraph.ts';

/** Settings of the harness; policies add to them. */
export interface FaultHarnessOptions {
  readonly settings?: Readonly<Record<string, unknown>>;
  /** The `routing_url` of `reviews`, by the URL of its subgraph. Default: that URL. */
  readonly routingUrl?: (url: string) => string;
  /** Where `silent` is; default: where nothing listens. */
  readonly silentPort?: number;
  /** How `reviews` is asked. Default: HTTP/1.1. */
  readonly transport?: FaultySubgraphOptions['transport'];
  /** Requests without a fault before the first with one. Default: none. */
  readonly quietAsks?: number;
}

/** Time for a subgraph. Long enough for an answer of a subgraph that is well on a busy machine. */
export const harnessTimeoutMs = 900;
/** Less than 64 MB and more than a value of a million levels. */
const MAX_RESPONSE_BYTES = 4_000_000;

export interface ErrorSeen {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** What a client got, and what is known of how. */
export interface Seen {
  readonly status: number;
  readonly text: string;
  readonly data: unknown;
  readonly errors: readonly ErrorSeen[];
  readonly tookMs: number;
  /** Bodies of requests that `reviews` got for it. */
  readonly sent: number;
  /** Lines of the log that name its request. */
  readonly logged: readonly LogLine[];
}

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly code?: string;
  readonly subgraph?: string;
  readonly requestId?: string;
  readonly figures?: Readonly<Record<string, Readonly<Record<string, { readonly count: number }>>>>;
}

export interface AskOptions {
  readonly fault?: { readonly name: string; readonly misbehave: Misbehave };
  /** How often the fault is shown to this request; then the subgraph is well. Default: always. */
  readonly times?: number;
  /** Default: `reviews`. */
  readonly subgraph?: string;
  readonly query?: string;
}

/**
 * A gateway before a subgraph, `reviews`, that fails as each request says in a header. Two others of the same schema fail always:
 * at the address of `gone` nothing listens, and `silent` may be given one that does not answer.
 */
export interface FaultHarness {
  readonly gateway: GatewayUnderTest;
  readonly products: StubSubgraph;
  readonly reviews: FaultySubgraph;
  readonly inventory: StubSubgraph;
  readonly log: readonly LogLine[];
  ask(kind: AskKind, options?: AskOptions): Promise<Seen>;
  /** Later calls wait for the first. */
  stop(): Promise<void>;
}

export async function startFaultHarness(options: FaultHarnessOptions = {}): Promise<FaultHarness> {
  const misbehaviours = new Map<string, Misbehave>();
  const products = await startStubSubgraph('products', productsSdl, productsResolvers);
  const inventory = await startStubSubgraph('inventory', inventorySdl, inventoryResolvers);
  const reviews = await startFaultySubgraph({
    name: 'reviews',
    sdl: failingSdl('reviews'),
    resolvers: failingResolvers('reviews'),
    transport: options.transport ?? 'http1',
    faultOf: ({ headers }) => misbehaviours.get(String(headers['x-fault'])),
  });
  const [gonePort = 0] = await freePorts(1);
  const failingAt = (name: string, port: number) => ({
    name,
    sdl: failingSdl(name),
    url: `http://127.0.0.1:${port}/graphql`,
  });
  const log: LogLine[] = [];
  const { routingUrl = (url) => url, silentPort = gonePort } = options;
  const stopSubgraphs = () => Promise.all([products.close(), inventory.close(), reviews.close()]);
  let gateway: GatewayUnderTest;
  try {
    gateway = await startGateway({
      subgraphs: [
        products,
        inventory,
        failingAt('gone', gonePort),
        failingAt('silent', silentPort),
        { ...reviews, url: routingUrl(reviews.url) },
      ],
      settings: settingsOf(options),
      log: pino(
        { level: 'debug', base: null, formatters: { level: (level) => ({ level }) } },
        { write: (line: string) => void log.push(JSON.parse(line) as LogLine) },
      ),
    });
  } catch (error) {
    await stopSubgraphs();
    throw error;
  }
  let asked = 0;
  const harness: FaultHarness = {
    gateway,
    products,
    reviews,
    inventory,
    log,
    ask: async (kind, { fault, times, subgraph = 'reviews', query = operationFor(kind, subgraph) } = {}) => {
      asked += 1;
      const id = `request-${asked}`;
      const shown = times === undefined ? fault?.name : id;
      if (shown !== undefined && fault !== undefined) {
        misbehaviours.set(shown, times === undefined ? fault.misbehave : onlyFirst(times, fault.misbehave));
      }
      const startedAt = performance.now();
      const response = await gateway.ask(
        { query, ...(kind === 'mutation' ? { variables: { id } } : {}) },
        { 'x-request-id': id, ...(shown === undefined ? {} : { 'x-fault': shown }) },
      );
      const text = await response.text();
      const tookMs = performance.now() - startedAt;
      const { data, errors = [] } = JSON.parse(text) as { data: unknown; errors?: ErrorSeen[] };
      return {
        status: response.status,
        text,
        data,
        errors,
        tookMs,
        sent: reviews.requests.filter(({ headers }) => headers['x-request-id'] === id).length,
        logged: log.filter(({ requestId }) => requestId === id),
      };
    },
    stop: once(async () => {
      await gateway.stop();
      await stopSubgraphs();
    }),
  };
  for (let quiet = 0; quiet < (options.quietAsks ?? 0); quiet += 1) await harness.ask('root');
  return harness;
}

function onlyFirst(times: number, misbehave: Misbehave): Misbehave {
  let left = times;
  return (conversation) => {
    left -= 1;
    return (left >= 0 ? misbehave : answerRightly)(conversation);
  };
}

function settingsOf({ settings = {} }: FaultHarnessOptions): Readonly<Record<string, unknown>> {
  const { traffic_shaping: shaping = {}, ...others } = settings as { traffic_shaping?: { all?: object } };
  return {
    query_planning: { timeout_ms: 10_000 },
    // what clients see of a subgraph is to be seen: hidden, nothing of it could leak
    include_subgraph_errors: { all: true },
    headers: {
      all: { request: [{ propagate: { named: 'x-fault' } }, { propagate: { named: 'x-request-id' } }] },
    },
    ...others,
    traffic_shaping: {
      ...shaping,
      all: { timeout_ms: harnessTimeoutMs, max_response_bytes: MAX_RESPONSE_BYTES, ...shaping.all },
    },
  };
}
