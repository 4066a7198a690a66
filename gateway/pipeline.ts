import {
  ApolloServer,
  type ApolloServerOptionsWithGateway,
  type ApolloServerPlugin,
  type GraphQLRequest,
  type GraphQLRequestContextResponseForOperation,
  HeaderMap,
  type HTTPGraphQLRequest,
} from '@apollo/server';
import {
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import {
  type DocumentNode,
  type ExecutionResult,
  type FormattedExecutionResult,
  GraphQLError,
} from 'graphql';
import type { Logger } from 'pino';
import type { Engine, OperationRequest } from './engine.ts';
import { GatewayError } from './errors.ts';
import type { ForwardHeaders } from './execute/subgraph/responseHeaderRules.ts';
import type { EngineLease, Gateway } from './gateway.ts';
import type { ClientRequest } from './http/clientRequest.ts';
import type { GraphQLAnswer } from './http/graphqlAnswer.ts';
import type { Principal } from './http/principal.ts';
import type { DocumentGuard } from './limit/documentGuard.ts';
import { valueNestsDeeper } from './limit/nesting.ts';
import type { AutomaticQueries } from './operation/automaticQueries.ts';
import { coerceVariables } from './operation/coerceVariables.ts';
import { documentIdOf } from './operation/documentId.ts';
import { DocumentStore } from './operation/documentStore.ts';
import { type Refusable, refuseEarly } from './operation/earlyRefusal.ts';
import type { PersistedOperations } from './operation/persistedOperations.ts';
import { AnsweredRequest } from './respond/answeredRequest.ts';
import { mergedCacheControl } from './respond/cacheControl.ts';
import { type FormatError, gatewayErrorOf, isFault } from './respond/formatErrors.ts';
import { stringifyResponse } from './respond/serializedData.ts';
import { parseWithDigits } from './runtime/longNumber.ts';

export interface PipelineOptions {
  readonly gateway: Gateway;
  readonly log: Logger;
  readonly formatError: FormatError;
  readonly production: boolean;
  readonly introspection: boolean;
  /** Whether messages name what the schema calls similar things. */
  readonly suggestions: boolean;
  readonly csrfPrevention: boolean;
  readonly allowsBatching: boolean;
  /** Longer documents are refused by the parser. */
  readonly maxTokens: number;
  readonly documentGuard: DocumentGuard;
  /** Levels of lists and objects in variables. */
  readonly maxVariablesDepth: number;
  /** Errors of one answer; those beyond are counted and left out. */
  readonly maxErrors: number;
  /** `undefined` where no list says what clients may name by id. */
  readonly persistedOperations?: PersistedOperations | undefined;
  /** Where documents are kept that clients register by their hash; `undefined` = they cannot. */
  readonly automaticQueries?: AutomaticQueries | undefined;
  /** The header in which clients give their name, in lower case. */
  readonly clientNameHeader: string;
  /** What is sent on of the headers of subgraphs' answers; `undefined` = nothing. */
  readonly forwardHeaders?: Pick<ForwardHeaders, 'forward'> | undefined;
  /** Set where answers may be stored for as long as all that they are made of, and by what header fields of requests they differ. */
  readonly storage?: { readonly vary: string } | undefined;
}

/** What travels with one operation through Apollo Server. */
interface OperationContext extends Refusable {
  readonly client: ClientRequest;
  /** Shared by the operations of a batch; `undefined` where nothing is made of it. */
  readonly answered: AnsweredRequest | undefined;
  /** The operation's place in `answered`. */
  place?: number;
  lease?: EngineLease;
  /** Headers that the answer is to have. */
  headers?: Readonly<Record<string, string>>;
  /** What the engine answers; set when the operation is executed. */
  executed?: Promise<ExecutionResult>;
}

type StockGateway = ApolloServerOptionsWithGateway<OperationContext>['gateway'];
type StockExecutor = NonNullable<Awaited<ReturnType<StockGateway['load']>>['executor']>;
type ResolvedOperation = GraphQLRequestContextResponseForOperation<OperationContext>;

/**
 * The request flow. Apollo Server is its shell: it reads the GraphQL request, parses and validates each document once,
 * keeps persisted queries and formats errors. The engine that made the schema of the request executes it.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  #server: Promise<ApolloServer<OperationContext>> | undefined;

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /**
   * Answers one HTTP request for GraphQL.
   * @throws GatewayError SUPERGRAPH_NOT_READY before the first engine
   */
  async handle(request: HTTPGraphQLRequest, client: ClientRequest): Promise<GraphQLAnswer> {
    if (this.#options.gateway.engine === undefined) throw new GatewayError('SUPERGRAPH_NOT_READY');
    // Apollo Server needs a schema to start, so it starts with the first request after the first engine.
    this.#server ??= this.#start().catch((error: unknown) => {
      // the next request tries again
      this.#server = undefined;
      throw error;
    });
    const server = await this.#server;
    const { forwardHeaders, storage } = this.#options;
    const answered = forwardHeaders || storage ? new AnsweredRequest() : undefined;
    const response = await server.executeHTTPGraphQLRequest({
      httpGraphQLRequest: request,
      context: async () => ({ client, answered }),
    });
    if (answered === undefined) return response;
    const { answers } = answered;
    const forwarded = forwardHeaders?.forward(answers) ?? new Map();
    // a cookie is for one client
    if (storage && answered.mayBeStored && (response.status ?? 200) === 200 && !forwarded.has('set-cookie')) {
      const isForOne = client.principal.kind !== 'anonymous';
      response.headers.set('cache-control', mergedCacheControl(answers, isForOne));
      response.headers.set('vary', storage.vary);
    }
    return { ...response, forwarded };
  }

  async stop(): Promise<void> {
    await (await this.#server)?.stop();
  }

  async #start(): Promise<ApolloServer<OperationContext>> {
    const { gateway, log, formatError, production, introspection, suggestions } = this.#options;
    const server = new ApolloServer<OperationContext>({
      gateway: asStockGateway(this.#options),
      logger: log,
      nodeEnv: production ? 'production' : 'development',
      formatError,
      // Apollo Server hands on what it gets here; bytes spare a copy to text and back of every answer
      stringifyResult: stringifyResponse as (response: FormattedExecutionResult) => string,
      introspection,
      hideSchemaDetailsFromClientErrors: !suggestions,
      includeStacktraceInErrorResponses: false,
      csrfPrevention: this.#options.csrfPrevention,
      allowBatchedHttpRequests: this.#options.allowsBatching,
      parseOptions: { maxTokens: this.#options.maxTokens },
      // `keepDocuments` has one
      documentStore: null,
      persistedQueries:
        this.#options.automaticQueries === undefined
          ? false
          : { cache: this.#options.automaticQueries, ttl: null },
      stopOnTerminationSignals: false,
      plugins: [
        holdEngine(gateway),
        keepDocuments(),
        findDocuments(this.#options),
        guardDocuments(this.#options),
        refuseOperations,
        logFaults(log),
        answerWithoutErrors(this.#options),
        ApolloServerPluginLandingPageDisabled(),
        // nothing phones home, whatever APOLLO_KEY says
        ApolloServerPluginUsageReportingDisabled(),
        ApolloServerPluginSchemaReportingDisabled(),
      ],
    });
    await server.start();
    return server;
  }
}

/** Our gateway in the shape that Apollo Server plugs in. */
function asStockGateway({ gateway }: PipelineOptions): StockGateway {
  const execute = async ({ context }: Parameters<StockExecutor>[0]): Promise<ExecutionResult> => {
    const { executed } = context as OperationContext;
    if (executed === undefined) throw new Error('`answerWithoutErrors` executes every operation.');
    return executed;
  };
  return {
    load: async () => ({ executor: execute as StockExecutor }),
    onSchemaLoadOrUpdate: (listener) =>
      gateway.onEngine(({ apiSchema, supergraph }) =>
        listener({ apiSchema, coreSupergraphSdl: supergraph.sdl } as Parameters<typeof listener>[0]),
      ),
    stop: async () => {},
  };
}

/**
 * Executes every operation, and answers those that have no errors. The others go on to the executor of the gateway, behind which
 * Apollo Server formats errors.
 *
 * That way costs too much for all: for each request it makes an object with a getter (`makeGatewayGraphQLRequestContext`), for
 * which V8 makes a hidden class among the old objects, and so the whole request with its answer is kept from the collections of
 * the young generation. With answers of 87 kB the next full collection came four times as soon.
 */
function answerWithoutErrors(options: PipelineOptions): ApolloServerPlugin<OperationContext> {
  const http = { status: undefined, headers: new HeaderMap() };
  return {
    async requestDidStart() {
      return {
        async responseForOperation(request) {
          const executed = executeOperation(request, options);
          request.contextValue.executed = executed;
          try {
            const result = await executed;
            if (result.errors !== undefined) return null;
            return { http, body: { kind: 'single', singleResult: result as FormattedExecutionResult } };
          } catch {
            return null;
          }
        },
      };
    },
  };
}

async function executeOperation(
  { contextValue, document, operation, queryHash, source, request }: ResolvedOperation,
  { suggestions, maxErrors }: PipelineOptions,
): Promise<ExecutionResult> {
  const { client, lease, answered, place = 0 } = contextValue;
  if (lease === undefined || queryHash === undefined) throw new Error('Plugins prepare every operation.');
  const { engine } = lease;
  const variables = request.variables ?? {};
  const { coerced, errors } = coerceVariables({
    schema: engine.apiSchema,
    definitions: operation.variableDefinitions ?? [],
    variables,
    hidesSuggestions: !suggestions,
  });
  if (errors !== undefined) {
    answered?.refuseStorage();
    return { errors };
  }
  const operationRequest: OperationRequest = {
    document,
    operation,
    operationName: request.operationName ?? undefined,
    source,
    sourceHash: queryHash,
    variables,
    coerced,
    client,
    onAnswers: answered && ((answers) => answered.add(place, answers)),
    onGuarded: answered && (() => answered.refuseStorage()),
    answerWith: (headers) => {
      contextValue.headers = { ...contextValue.headers, ...headers };
    },
  };
  const result = await engine.execute(operationRequest);
  // extensions may tell of who asks, such as what is left of a budget
  const isPlain = result.errors === undefined && result.extensions === undefined;
  if (!isPlain || operation.operation !== 'query') answered?.refuseStorage();
  return withFewErrors(result, maxErrors);
}

/** Holds the engine whose schema Apollo Server chose for the operation, from here to the end of the response. */
function holdEngine(gateway: Gateway): ApolloServerPlugin<OperationContext> {
  return {
    async requestDidStart({ contextValue, schema }) {
      contextValue.place = contextValue.answered?.begin();
      contextValue.lease = gateway.lease(schema);
      return {
        async willSendResponse({ response }) {
          contextValue.lease?.release();
          for (const [name, value] of Object.entries(contextValue.headers ?? {})) {
            response.http.headers.set(name, value);
          }
        },
      };
    },
    async unexpectedErrorProcessingRequest({ requestContext }) {
      requestContext.contextValue.lease?.release();
    },
  };
}

/** Parses and validates a text once for an engine. */
function keepDocuments(): ApolloServerPlugin<OperationContext> {
  const stores = new WeakMap<Engine, DocumentStore>();
  return {
    async requestDidStart({ contextValue }) {
      const engine = contextValue.lease?.engine;
      if (engine === undefined) return;
      const store = stores.get(engine) ?? new DocumentStore();
      stores.set(engine, store);
      return {
        async didResolveSource(requestContext) {
          // Apollo Server parses when it finds no document here; where to look for one is meant to be its own affair
          const found: { document?: DocumentNode | undefined } = requestContext;
          found.document = store.get(requestContext.queryHash);
        },
        async didResolveOperation({ queryHash, document }) {
          store.set(queryHash, document);
        },
      };
    },
  };
}

/** Finds the document that a request names by id, and refuses documents that no list has where that is asked for. */
function findDocuments(options: PipelineOptions): ApolloServerPlugin<OperationContext> {
  const { persistedOperations, clientNameHeader } = options;
  if (persistedOperations === undefined) return {};
  return {
    async requestDidStart({ request, contextValue }) {
      const clientName = contextValue.client.headers[clientNameHeader];
      const answer = persistedOperations.resolve({
        query: request.query,
        extensions: request.extensions,
        documentId: documentIdOf(request.http),
        clientName: typeof clientName === 'string' ? clientName : undefined,
      });
      if (answer.kind === 'refused') refuseEarly(request, contextValue, answer.error);
      else if (answer.kind === 'found') {
        request.query = answer.text;
        // it was found, and has not to be found by its hash once more
        delete request.extensions;
      }
    },
  };
}

/** Refuses what exceeds a limit of structure before it is parsed and validated. */
function guardDocuments(options: PipelineOptions): ApolloServerPlugin<OperationContext> {
  const { documentGuard, maxVariablesDepth } = options;
  return {
    async requestDidStart({ request, contextValue }) {
      if (contextValue.refusal !== undefined) return;
      keepDigitsOfGet(request);
      // a document that is asked for by its hash was checked when it was registered
      let refusal = request.query === undefined ? undefined : documentGuard.check(request.query);
      if (refusal === undefined && valueNestsDeeper(request.variables, maxVariablesDepth + 1)) {
        refusal = new GatewayError('MAX_VARIABLES_DEPTH_LIMIT', {
          message: `The variables nest deeper than ${maxVariablesDepth} levels.`,
        });
      }
      if (refusal !== undefined) refuseEarly(request, contextValue, refusal);
    },
  };
}

/** The variables of a GET are parsed by Apollo Server, which rounds long numbers. */
function keepDigitsOfGet(request: GraphQLRequest): void {
  if (request.http?.method !== 'GET' || request.variables === undefined) return;
  const text = new URLSearchParams(request.http.search).get('variables');
  if (text !== null) request.variables = parseWithDigits(text) as typeof request.variables;
}

/** Some subgraphs give an error for every row; clients need the first ones, and their number. */
function withFewErrors(result: ExecutionResult, max: number): ExecutionResult {
  const { errors } = result;
  if (errors === undefined || errors.length <= max) return result;
  const left = errors.length - max;
  const more = new GatewayError('TOO_MANY_ERRORS', {
    message: `${left} more errors are left out.`,
    extensions: { count: left },
  });
  return { ...result, errors: [...errors.slice(0, max), more] };
}

/**
 * What must not reach an engine: no operation (Apollo Server leaves that to the executor), and subscriptions (it would
 * execute one as if it were a query).
 */
const refuseOperations: ApolloServerPlugin<OperationContext> = {
  async requestDidStart() {
    return {
      async didResolveOperation({ operation, request, contextValue }) {
        if (contextValue.refusal !== undefined) throw contextValue.refusal;
        if (operation === undefined) {
          const message =
            request.operationName === undefined
              ? 'Must provide operation name if query contains multiple operations.'
              : `Unknown operation named "${request.operationName}".`;
          throw new GatewayError('OPERATION_RESOLUTION_FAILURE', { message });
        }
        if (operation.operation === 'subscription') throw new GatewayError('SUBSCRIPTION_NOT_SUPPORTED');
      },
    };
  },
};

/** Clients read little of a fault; the log has all of it. */
function logFaults(log: Logger): ApolloServerPlugin<OperationContext> {
  return {
    async requestDidStart({ contextValue }) {
      const { requestId, leaving, principal } = contextValue.client;
      const who = nameOf(principal);
      return {
        async didEncounterErrors({ errors, operationName }) {
          for (const error of errors) {
            const { code, subgraph } = gatewayErrorOf(error) ?? {};
            if (code === undefined && isFault(error)) {
              const cause = error instanceof GraphQLError ? (error.originalError ?? error) : error;
              log.error({ err: cause, requestId, operationName, ...who }, 'a fault ended an operation');
            } else if (subgraph !== undefined && !leaving.isCancelled) {
              const detail = transportDetailOf(error);
              log.warn({ code, subgraph, requestId, operationName, ...detail, ...who }, error.message);
            }
          }
        },
      };
    },
    async unexpectedErrorProcessingRequest({ error, requestContext }) {
      const { requestId, principal } = requestContext.contextValue.client;
      log.error({ err: error, requestId, ...nameOf(principal) }, 'a fault ended a request');
    },
  };
}

/** What a connection failed of, with addresses and names of certificates: clients read a reason without those. */
function transportDetailOf(error: GraphQLError): { readonly detail?: string } {
  const cause = gatewayErrorOf(error)?.cause;
  return cause instanceof Error && 'code' in cause && cause.message !== '' ? { detail: cause.message } : {};
}

/** What a log says of who asked: the kind and the id, never a token or its claims. */
function nameOf({ kind, id }: Principal): { readonly principal?: { kind: string; id: string | undefined } } {
  return kind === 'anonymous' ? {} : { principal: { kind, id } };
}
