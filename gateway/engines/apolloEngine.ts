import { ApolloGateway, type GraphQLDataSource } from '@apollo/gateway';
import { prettyFormatQueryPlan, QueryPlanner } from '@apollo/query-planner';
import {
  BREAK,
  type DocumentNode,
  type ExecutionResult,
  execute,
  type FieldNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  isAbstractType,
  Kind,
  type OperationDefinitionNode,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { Logger } from 'pino';
import { CUT, type Denials } from '../authorize/denials.ts';
import type { KeyOf, ResponseShape } from '../authorize/responseShape.ts';
import type { BuildEngine, Engine, EngineOptions, OperationRequest } from '../engine.ts';
import { GatewayError } from '../errors.ts';
import { failedStatusError, malformed } from '../execute/subgraph/failures.ts';
import type { SelectHeaders } from '../execute/subgraph/headerRules.ts';
import { headersOfFailure } from '../execute/subgraph/readAnswer.ts';
import { subgraphError } from '../execute/subgraph/subgraphError.ts';
import type { SubgraphResponse } from '../execute/subgraph/subgraphRequest.ts';
import { registriesAsked, type SubgraphSender } from '../execute/subgraph/subgraphSender.ts';
import { leftOutError, MAX_REPORTED_ERRORS } from '../execute/subgraphErrors.ts';
import type { ClientRequest } from '../http/clientRequest.ts';
import { type CostSchema, costSchemaOf } from '../limit/cost/costSchema.ts';
import { introspectionPart } from '../operation/introspectionPart.ts';
import {
  fieldsRequiredWithArguments,
  type PrivateAliases,
  privateAliasesFor,
} from '../operation/privateAliases.ts';
import { readPlan } from '../plan/readPlan.ts';
import { jsonOf } from '../runtime/longNumber.ts';
import { linksOf } from '../supergraph/links.ts';
import { parseSupergraph } from '../supergraph/parseSupergraph.ts';
import type { Supergraph } from '../supergraph/supergraph.ts';
import { CollectedAnswers } from './collectedAnswers.ts';
import { askedPlanOf, type ShownPlan } from './exposedPlan.ts';
import { measuredSend } from './measuredSend.ts';
import { ShapedProjections } from './projections.ts';
import { senderFor } from './senderFor.ts';
import { tooManyFetches } from './tooManyFetches.ts';

/** What the stock gateway is given of a request; its own type belongs to an older Apollo Server. */
type StockRequest = Parameters<Awaited<ReturnType<ApolloGateway['load']>>['executor']>[0];
type StockPlan = ReturnType<QueryPlanner['buildQueryPlan']>;
type StockSources = Parameters<GraphQLDataSource['process']>[0];

/**
 * The engine around the stock `ApolloGateway`: the fallback, and the oracle that the compiled engine is compared with. Its
 * requests to subgraphs go through our client, so that deadlines, sizes and header rules are those of the settings.
 */
export function apolloEngine(options: EngineOptions): BuildEngine {
  // Read by the constructor: without it the gateway reports to Apollo.
  process.env.APOLLO_TELEMETRY_DISABLED = '1';
  return async (supergraph) => {
    const clients: SubgraphSender[] = [];
    const gateway = new ApolloGateway({
      supergraphSdl: supergraph.sdl,
      logger: quiet(options.log),
      // before anything is executed: what is thrown here ends the request
      experimental_didResolveQueryPlan: ({ queryPlan, requestContext }) => {
        refuseManyFetches(queryPlan, options.maxSubgraphFetches);
        (requestContext.context as StockContext).onPlan?.(queryPlan);
      },
      buildService: ({ name, url }) => {
        const client = senderFor(options, { subgraph: name, url: url ?? '' });
        clients.push(client);
        const send = measuredSend(client, { subgraph: name, telemetry: options.telemetry });
        return new SubgraphSource(name, send, {
          headers: options.headersFor(name),
          isCollected: options.answerHeaders?.isOf(name) ?? false,
        });
      },
    });
    try {
      const { executor } = await gateway.load();
      await registriesAsked(clients);
      const { schema } = gateway;
      if (schema === undefined) throw new Error('it has no schema');
      const { exposeQueryPlan, answerHeaders } = options;
      return new ApolloEngine({
        supergraph,
        apiSchema: schema,
        gateway,
        executor,
        clients,
        exposeQueryPlan,
        collectsAnswers: answerHeaders !== undefined,
      });
    } catch (cause) {
      await Promise.all(clients.map((client) => client.close()));
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new GatewayError('SUPERGRAPH_INVALID', {
        message: `The supergraph cannot be served by the Apollo engine: ${reason}`,
        cause,
      });
    }
  };
}

interface ApolloEngineParts {
  readonly supergraph: Supergraph;
  readonly apiSchema: GraphQLSchema;
  readonly gateway: ApolloGateway;
  readonly executor: Awaited<ReturnType<ApolloGateway['load']>>['executor'];
  readonly clients: readonly SubgraphSender[];
  readonly exposeQueryPlan: boolean;
  readonly collectsAnswers: boolean;
}

/** What the stock gateway hands through to its data sources and hooks. */
interface StockContext {
  readonly client: ClientRequest;
  readonly onPlan?: (plan: StockPlan) => void;
  readonly answers?: CollectedAnswers | undefined;
}

/** Thrown once an operation is planned, so that nothing is executed. */
class DryRun extends Error {}

const NOTHING_SHARED: ReadonlySet<unknown> = new Set();

class ApolloEngine implements Engine {
  readonly supergraph: Supergraph;
  readonly apiSchema: GraphQLSchema;
  readonly costs: CostSchema;
  readonly #parts: ApolloEngineParts;
  readonly #shapedProjections: ShapedProjections;
  readonly #aliases: PrivateAliases;
  readonly #typed = new WeakMap<DocumentNode, DocumentNode>();

  constructor(parts: ApolloEngineParts) {
    this.supergraph = parts.supergraph;
    this.apiSchema = parts.apiSchema;
    const document = parseSupergraph(parts.supergraph);
    this.costs = costSchemaOf(document, linksOf(document));
    this.#parts = parts;
    this.#aliases = privateAliasesFor(parts.apiSchema, fieldsRequiredWithArguments(document));
    this.#shapedProjections = new ShapedProjections({
      schema: parts.apiSchema,
      aliases: this.#aliases,
      interfaceObjects: new Set(),
      // the stock gateway leaves out what is hidden
      isKnown: () => false,
    });
  }

  async execute(request: OperationRequest): Promise<ExecutionResult> {
    const { executor, exposeQueryPlan, collectsAnswers } = this.#parts;
    const asked = exposeQueryPlan ? askedPlanOf(request.client) : undefined;
    const answers = collectsAnswers ? new CollectedAnswers() : undefined;
    let extensions: ExecutionResult['extensions'];
    const onPlan = (plan: StockPlan): void => {
      answers?.expect(plan);
      extensions = asked?.extensionsOf(shownPlan(plan));
      if (asked?.isDryRun === true) throw new DryRun();
    };
    try {
      const shape = request.shape ?? (request.isGuarded === true ? wholeShapeOf(request) : undefined);
      const stockRequest = asStockRequest(shape ? this.#shapeable(request) : request, {
        schema: this.apiSchema,
        context: { client: request.client, ...((asked || answers) && { onPlan }), answers },
      });
      const result = (await executor(stockRequest)) as ExecutionResult;
      if (answers !== undefined) request.onAnswers?.(answers.all());
      if (result.data) {
        const keys = shape ? this.#aliases.keyOf : keyOf;
        request.onData?.({ data: result.data, keyOf: keys, shared: NOTHING_SHARED });
      }
      const { data, errors } = shape ? await this.#shaped(result, shape) : result;
      return {
        ...(data === undefined ? {} : { data }),
        ...(errors && errors.length > 0 && { errors: errors.map(withService) }),
        ...(extensions && { extensions }),
      };
    } catch (error) {
      if (!(error instanceof DryRun)) throw error;
      return { ...(extensions && { extensions }) };
    }
  }

  /** The answer to the operation that was permitted, as one to the client's. */
  async #shaped({ data, errors = [] }: ExecutionResult, shape: ResponseShape): Promise<ExecutionResult> {
    const allErrors = errors.map((error) => this.#withClientPath(error));
    if (data === undefined || data === null) return { data, errors: allErrors };
    await shape.cut?.(data, this.#aliases.keyOf);
    const { operation, fragments, variables, introspected } = shape;
    const part = introspected && introspectionPart(operation, fragments);
    const introspection =
      part && introspected
        ? ((await execute({ schema: introspected, document: part, variableValues: variables })).data ?? {})
        : data;
    const written = this.#shapedProjections.of(shape)({
      data,
      errors: allErrors,
      failed: new Set(),
      shared: new Set(),
      introspection,
    });
    return {
      data: (written ?? null) as ExecutionResult['data'],
      errors: allErrors,
    };
  }

  #withClientPath(error: GraphQLError): GraphQLError {
    if (error.path === undefined) return error;
    const path = error.path.map((step) =>
      typeof step === 'string' ? this.#aliases.responseKeyOf(step) : step,
    );
    const { message, originalError, extensions } = error;
    return new GraphQLError(message, { path, originalError, extensions });
  }

  /**
   * The shape of the response is told by the types of objects, which the stock gateway gives only when asked. Its planner takes
   * an alias for the field of that name: it would show a key that was not permitted, and send subgraphs what the client chose.
   */
  #shapeable(request: OperationRequest): OperationRequest {
    let document = this.#typed.get(request.document);
    if (document === undefined) {
      document = withPrivateAliases(withTypenames(request.document, this.apiSchema), this.#aliases.keyOf);
      this.#typed.set(request.document, document);
    }
    const operation = getOperationAST(document, request.operation.name?.value) ?? request.operation;
    return { ...request, document, operation, sourceHash: `${request.sourceHash} typed` };
  }

  async plan(document: DocumentNode, operationName: string | undefined): Promise<string> {
    const [error] = validate(this.apiSchema, document);
    if (error !== undefined) throw error;
    // loaded here, as only the command `plan` needs it: the stock gateway keeps its planner to itself
    const { operationFromDocument, Supergraph: FederatedSupergraph } = await import(
      '@apollo/federation-internals'
    );
    const federated = FederatedSupergraph.build(this.supergraph.sdl);
    const operation = operationFromDocument(federated.apiSchema(), document, { operationName });
    return prettyFormatQueryPlan(new QueryPlanner(federated).buildQueryPlan(operation));
  }

  async close(): Promise<void> {
    await Promise.all([this.#parts.gateway.stop(), ...this.#parts.clients.map((client) => client.close())]);
  }
}

/** Without a shape the stock gateway answers under the client's own response keys. */
const keyOf: KeyOf = (fieldName, alias) => alias ?? fieldName;

/** One for each operation, as the projections of a shape are kept by its denials. */
const noDenials = new WeakMap<OperationDefinitionNode, Denials>();

function noDenialsOf(operation: OperationDefinitionNode): Denials {
  let denials = noDenials.get(operation);
  if (denials === undefined) {
    denials = {
      isDenied: () => false,
      isAskedOfParent: () => false,
      splitTypes: new Set(),
      withheldTypes: new Set(),
      cut: CUT,
    };
    noDenials.set(operation, denials);
  }
  return denials;
}

/** For a permitted operation with aliases, which the planner must not see. */
function wholeShapeOf({ document, operation, coerced }: OperationRequest): ResponseShape | undefined {
  let hasAlias = false;
  visit(document, {
    Field({ name, alias }) {
      if (alias === undefined || alias.value === name.value) return undefined;
      hasAlias = true;
      return BREAK;
    },
  });
  if (!hasAlias) return undefined;
  const fragments = new Map(
    document.definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [],
    ),
  );
  return {
    operation,
    fragments,
    variables: coerced,
    denials: noDenialsOf(operation),
    introspected: undefined,
    cut: undefined,
  };
}

function withPrivateAliases(document: DocumentNode, privateKeyOf: KeyOf): DocumentNode {
  return visit(document, {
    // what introspection answers is written as it is
    FragmentDefinition: ({ typeCondition }) =>
      typeCondition.name.value.startsWith('__') ? false : undefined,
    Field(node) {
      const { name, alias } = node;
      if (name.value === '__schema' || name.value === '__type') return false;
      const key = privateKeyOf(name.value, alias?.value);
      return key === name.value ? undefined : { ...node, alias: { kind: Kind.NAME, value: key } };
    },
  });
}

function withTypenames(document: DocumentNode, schema: GraphQLSchema): DocumentNode {
  const types = new TypeInfo(schema);
  return visit(
    document,
    visitWithTypeInfo(types, {
      SelectionSet(node) {
        if (!isAbstractType(types.getParentType())) return undefined;
        const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };
        return { ...node, selections: [typename, ...node.selections] };
      },
    }),
  );
}

/** One subgraph, as the stock gateway calls it. Faults become errors of its answer, and fail nothing else. */
class SubgraphSource implements GraphQLDataSource {
  readonly #subgraph: string;
  readonly #send: SubgraphSender['send'];
  readonly #headers: SelectHeaders;
  readonly #isCollected: boolean;

  constructor(
    subgraph: string,
    send: SubgraphSender['send'],
    { headers, isCollected }: { readonly headers: SelectHeaders; readonly isCollected: boolean },
  ) {
    this.#subgraph = subgraph;
    this.#send = send;
    this.#headers = headers;
    this.#isCollected = isCollected;
  }

  async process({ request, context }: StockSources): ReturnType<GraphQLDataSource['process']> {
    const { client, answers } = context as StockContext;
    const { query, variables, operationName } = request;
    const collect = this.#isCollected ? answers?.begin(this.#subgraph, query ?? '') : undefined;
    try {
      const response = await this.#send({
        body: jsonOf({ query, variables, operationName }) ?? '',
        headers: this.#headers(client),
        cancellation: client.leaving,
        isShareable: false,
        keepsHeaders: this.#isCollected,
        // the planner writes the keyword in front
        isRepeatable: query?.startsWith('mutation') === false,
      });
      collect?.(response.headers);
      const errors = this.#reportedErrors(response.errors ?? []);
      const entities = this.#mismatch(variables?.representations, response.data);
      if (entities !== undefined) return { errors: [...errors, entities] };
      if (response.failedStatus !== undefined)
        errors.push(failedStatusError(this.#subgraph, response.failedStatus));
      return errors.length === 0 ? { data: response.data } : { data: response.data, errors };
    } catch (error) {
      collect?.(headersOfFailure(error));
      if (error instanceof GatewayError) return { errors: [error] };
      throw error;
    }
  }

  /** The stock gateway walks the whole list once for each of them: ten thousand take it four seconds. */
  #reportedErrors(reported: NonNullable<SubgraphResponse['errors']>): GraphQLError[] {
    const told = reported.slice(0, MAX_REPORTED_ERRORS).map((error) => subgraphError(error, this.#subgraph));
    const leftOut = reported.length - told.length;
    return leftOut === 0 ? told : [...told, leftOutError(leftOut, this.#subgraph)];
  }

  /** The stock gateway takes another number of entities than it has asked for, or what is none, for a fault of its own. */
  #mismatch(asked: unknown, data: SubgraphResponse['data']): GatewayError | undefined {
    const entities = data?._entities;
    if (!Array.isArray(asked) || entities === undefined || entities === null) return undefined;
    const isOne = (entity: unknown): boolean => typeof entity === 'object' && !Array.isArray(entity);
    if (Array.isArray(entities) && entities.length === asked.length && entities.every(isOne))
      return undefined;
    return malformed(this.#subgraph, 'the entities are not those that were asked for');
  }
}

function asStockRequest(
  request: OperationRequest,
  { schema, context }: { readonly schema: GraphQLSchema; readonly context: StockContext },
): StockRequest {
  const { document, operation, source, sourceHash, variables } = request;
  const operationName = request.operationName ?? null;
  return {
    request: {
      query: source,
      operationName: operationName ?? undefined,
      variables: { ...variables },
    },
    document,
    operation,
    operationName,
    queryHash: sourceHash,
    source,
    schema,
    context,
    metrics: {},
    // what else its type names is of the Apollo Server that it was written for, and is not read
  } as unknown as StockRequest;
}

function shownPlan(plan: StockPlan): ShownPlan {
  return { object: plan, text: prettyFormatQueryPlan(plan) };
}

function refuseManyFetches(plan: StockPlan, max: number | undefined): void {
  if (max === undefined) return;
  const { fetchCount } = readPlan(plan);
  if (fetchCount > max) throw tooManyFetches(fetchCount, max);
}

/** The stock gateway names the subgraph `serviceName`; here it is `service`, as everywhere else. */
function withService(error: GraphQLError): GraphQLError {
  const { serviceName, ...extensions } = error.extensions ?? {};
  if (typeof serviceName !== 'string') return error;
  return new GraphQLError(error.message, {
    path: error.path,
    originalError: error.originalError,
    extensions: { ...extensions, service: serviceName },
  });
}

/** Its own lines on loading repeat what the log of the swap says; warnings and errors pass. */
function quiet(log: Logger): {
  debug(m: unknown): void;
  info(m: unknown): void;
  warn(m: unknown): void;
  error(m: unknown): void;
} {
  return {
    debug: (message) => log.trace(String(message)),
    info: (message) => log.debug(String(message)),
    warn: (message) => log.warn(String(message)),
    error: (message) => log.error(String(message)),
  };
}
