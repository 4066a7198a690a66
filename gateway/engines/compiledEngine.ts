import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  parse,
  validate,
} from 'graphql';
import type { BuildEngine, Engine, EngineOptions, EngineWarmth, OperationRequest } from '../engine.ts';
import { GatewayError } from '../errors.ts';
import { compilePlan } from '../execute/compilePlan.ts';
import { customScalarFields } from '../execute/customScalars.ts';
import type { DataObject } from '../execute/data.ts';
import type { Execution, Step } from '../execute/execution.ts';
import type { AnsweredFetches, Caller, SendToSubgraph, SentFetch } from '../execute/sendToSubgraph.ts';
import type { SelectHeaders } from '../execute/subgraph/headerRules.ts';
import { headersOfFailure } from '../execute/subgraph/readAnswer.ts';
import type { SubgraphAnswer } from '../execute/subgraph/subgraphRequest.ts';
import { registriesAsked, type SubgraphSender } from '../execute/subgraph/subgraphSender.ts';
import { TypeHierarchy } from '../execute/typeHierarchy.ts';
import type { ClientRequest } from '../http/clientRequest.ts';
import type { FetchedData } from '../limit/cost/actualCost.ts';
import { type CostSchema, costSchemaOf } from '../limit/cost/costSchema.ts';
import {
  compileSubgraphLimits,
  type RefuseSubgraphs,
  type SubgraphCostLimits,
} from '../limit/cost/planCost.ts';
import { conditionVariablesOf, withConditions } from '../operation/appliedConditions.ts';
import { introspectionPart } from '../operation/introspectionPart.ts';
import {
  fieldsRequiredWithArguments,
  type PrivateAliases,
  privateAliasesFor,
} from '../operation/privateAliases.ts';
import type { OperationKey, UsedOperation } from '../operation/usedOperation.ts';
import { apolloPlanOf } from '../plan/apolloPlan.ts';
import { fetchesOf, subgraphsOf } from '../plan/fetchesOf.ts';
import { Planner } from '../plan/planner.ts';
import { printPlan } from '../plan/printPlan.ts';
import type { QueryPlan } from '../plan/queryPlan.ts';
import { InFlight } from '../runtime/inFlight.ts';
import { jsonOf } from '../runtime/longNumber.ts';
import { apiSchemaOf } from '../supergraph/apiSchema.ts';
import { linksOf } from '../supergraph/links.ts';
import { subgraphUrls } from '../supergraph/subgraphUrls.ts';
import type { Supergraph } from '../supergraph/supergraph.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { askedPlanOf, type ShownPlan } from './exposedPlan.ts';
import { measuredSend } from './measuredSend.ts';
import { OperationCache } from './operationCache.ts';
import { OperationPlans } from './operationPlans.ts';
import { type OperationVariant, printVariant, readVariant } from './operationVariant.ts';
import { type ProjectionFor, projectionsOf, ShapedProjections } from './projections.ts';
import { senderFor } from './senderFor.ts';
import { servableDocument } from './servableDocument.ts';

/** The engine of our own: plans in a native planner's thread, and runs plans and responses that are compiled once. */
export function compiledEngine(options: EngineOptions): BuildEngine {
  return async (supergraph) => {
    // Requests are answered meanwhile: what a large supergraph costs is paid in steps, and its planner starts beside it.
    const starting = Planner.start(supergraph.sdl, options.planning);
    starting.catch(() => {});
    let document: DocumentNode;
    try {
      document = servableDocument(supergraph);
    } catch (error) {
      void starting.then(
        (planner) => planner.close(),
        () => {},
      );
      throw error;
    }
    await nextTurn();
    const planner = await starting;
    try {
      const apiSchema = await apiSchemaOf(document);
      await nextTurn();
      const engine = new CompiledEngine({ supergraph, document, apiSchema, planner, options });
      await engine.registriesAsked();
      return engine;
    } catch (cause) {
      await planner.close();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new GatewayError('SUPERGRAPH_INVALID', {
        message: `The supergraph has no valid API schema: ${reason}`,
        cause,
      });
    }
  };
}

interface CompiledEngineParts {
  readonly supergraph: Supergraph;
  readonly document: DocumentNode;
  readonly apiSchema: GraphQLSchema;
  readonly planner: Planner;
  readonly options: EngineOptions;
}

/** What is made of an operation once, and used by every request for it. */
interface PreparedOperation {
  readonly plan: QueryPlan;
  /** Estimated memory of all of it. */
  readonly bytes: number;
  readonly run: Step;
  /** Subgraphs that it asks. */
  readonly subgraphs: readonly string[];
  /** Whether equal calls to all of them are shared. */
  readonly sharesAllCalls: boolean;
  /** Its fetch nodes in the order of the plan, where the headers of answers are collected. */
  readonly fetches: readonly SentFetch[] | undefined;
  /**
   * Executions that have no answer of a subgraph yet. Another of the same would join each of their calls, now and later: so
   * it joins the whole, and what is made of the answers is made once.
   */
  readonly inFlight: InFlight<Executed>;
  /** `undefined` where no subgraph of it has a limit of cost. */
  readonly refusedSubgraphs: RefuseSubgraphs | undefined;
  readonly introspection: DocumentNode | undefined;
  readonly projectionFor: ProjectionFor;
}

/** An answer, and the data that it was written of: each request that shares it counts what it has cost. */
interface Executed {
  readonly result: ExecutionResult;
  /** What subgraphs answered, in the order of the plan. */
  readonly answers: readonly SubgraphAnswer[] | undefined;
  readonly fetched: FetchedData;
}

class CompiledEngine implements Engine {
  readonly supergraph: Supergraph;
  readonly apiSchema: GraphQLSchema;
  readonly costs: CostSchema;
  readonly #planner: Planner;
  readonly #plans: OperationPlans;
  readonly #aliases: PrivateAliases;
  readonly #types: TypeHierarchy;
  readonly #customScalarFields: ReadonlySet<string>;
  readonly warmth: EngineWarmth;
  readonly #clients: ReadonlyMap<string, SubgraphSender>;
  readonly #send: SendToSubgraph;
  readonly #headers: ReadonlyMap<string, SelectHeaders>;
  /** Whether queries to a subgraph join equal ones that are in flight. */
  readonly #sharesCalls: ReadonlyMap<string, boolean>;
  readonly #answerHeaders: EngineOptions['answerHeaders'];
  readonly #subgraphCosts: SubgraphCostLimits | undefined;
  readonly #exposeQueryPlan: boolean;
  readonly #telemetry: Telemetry;
  readonly #unobserve: readonly (() => void)[];
  readonly #operations: OperationCache<PreparedOperation>;
  readonly #shapedProjections: ShapedProjections;

  constructor({ supergraph, document, apiSchema, planner, options }: CompiledEngineParts) {
    this.supergraph = supergraph;
    this.apiSchema = apiSchema;
    this.costs = costSchemaOf(document, linksOf(document));
    this.#planner = planner;
    this.#aliases = privateAliasesFor(apiSchema, fieldsRequiredWithArguments(document));
    this.#types = new TypeHierarchy(document);
    this.#customScalarFields = customScalarFields(document);
    this.#shapedProjections = new ShapedProjections({
      schema: apiSchema,
      aliases: this.#aliases,
      interfaceObjects: this.#types.interfaceObjects,
      isKnown: (coordinate) => this.#types.isKnown(coordinate),
    });
    this.#exposeQueryPlan = options.exposeQueryPlan;
    const { telemetry } = options;
    this.#telemetry = telemetry;
    this.#plans = new OperationPlans({ planner, telemetry, maxFetches: options.maxSubgraphFetches });
    const operations = new OperationCache<PreparedOperation>({
      maxBytes: options.planning.maxCacheBytes,
      bytesOf: ({ bytes }) => bytes,
      failedForMs: (error) =>
        error instanceof GatewayError && LASTING_REFUSALS.has(error.code) ? REFUSED_FOR_MS : 0,
    });
    this.#operations = operations;
    this.warmth = {
      mostUsed: (limit) => operations.mostUsed(limit),
      prepare: (operation) => this.#prepareUsed(operation),
    };
    this.#unobserve = [
      telemetry.observe('planCacheOperations', () => operations.size),
      telemetry.observe('planCacheBytes', () => operations.bytes),
      telemetry.observe('planningQueue', () => planner.queueLength),
    ];
    const { trafficFor } = options;
    const urls = subgraphUrls(document);
    this.#clients = new Map(
      Array.from(urls, ([subgraph, url]) => [subgraph, senderFor(options, { subgraph, url })]),
    );
    const headers = new Map(Array.from(urls.keys(), (subgraph) => [subgraph, options.headersFor(subgraph)]));
    const sends = new Map(
      Array.from(this.#clients, ([subgraph, client]) => [
        subgraph,
        measuredSend(client, { subgraph, telemetry }),
      ]),
    );
    this.#headers = headers;
    const { answerHeaders } = options;
    this.#answerHeaders = answerHeaders;
    // two clients who get one cookie would share a session
    this.#sharesCalls = new Map(
      Array.from(urls.keys(), (subgraph) => [
        subgraph,
        trafficFor(subgraph).sharesCalls && answerHeaders?.maySetCookie(subgraph) !== true,
      ]),
    );
    this.#subgraphCosts = options.subgraphCosts;
    this.#send = async (fetch, { body, keepsDigits }, caller) => {
      const { subgraph } = fetch;
      const send = sends.get(subgraph);
      if (send === undefined) throw new Error(`The plan names an unknown subgraph: ${subgraph}`);
      const refusal = caller.refused?.get(subgraph);
      try {
        if (refusal !== undefined) throw refusal;
        const response = await send({
          body,
          keepsDigits,
          keepsHeaders: answerHeaders?.isOf(subgraph) ?? false,
          headers: caller.headersFor(subgraph),
          cancellation: caller.cancellation,
          isShareable: caller.sharesCalls && this.#sharesCalls.get(subgraph) === true,
          isRepeatable: caller.repeatsCalls,
        });
        caller.answers?.set(fetch, { subgraph, headers: response.headers });
        return response;
      } catch (error) {
        caller.answers?.set(fetch, { subgraph, headers: headersOfFailure(error) });
        throw error;
      } finally {
        caller.onAnswer();
      }
    };
  }

  /** Resolves when it is known whom to send requests, as far as registries say. */
  registriesAsked(): Promise<void> {
    return registriesAsked(this.#clients.values());
  }

  async execute(request: OperationRequest): Promise<ExecutionResult> {
    const { coerced, client, shape } = request;
    const prepared = await this.#prepare(request);
    const asked = this.#exposeQueryPlan ? askedPlanOf(client) : undefined;
    const extensions = asked?.extensionsOf(shownPlan(prepared.plan));
    if (asked?.isDryRun === true) return { ...(extensions && { extensions }) };

    // a rule that reads the parent cuts out of the data of its own request, and of no other
    const repeatsCalls = request.operation.operation === 'query';
    const sharesCalls = repeatsCalls && shape?.cut === undefined;
    const headersFor = this.#headersOf(client);
    const refused = prepared.refusedSubgraphs?.(request);
    const run = (caller: Pick<Caller, 'cancellation' | 'onAnswer'>): Promise<Executed> => {
      const answers: AnsweredFetches | undefined = prepared.fetches && new Map();
      return this.#run(prepared, {
        variables: coerced,
        caller: { ...caller, headersFor, sharesCalls, repeatsCalls, refused, answers },
        shape,
      });
    };
    // one plan may stand for operations that differ in what was cut out of them
    const { result, answers, fetched } =
      sharesCalls && shape === undefined && prepared.sharesAllCalls
        ? await prepared.inFlight.run(sharingKey(coerced, prepared, headersFor), client.leaving, (shared) =>
            run({ cancellation: shared.cancellation, onAnswer: shared.close }),
          )
        : await run({ cancellation: client.leaving, onAnswer: () => {} });
    if (answers !== undefined) request.onAnswers?.(answers);
    request.onData?.(fetched);
    return extensions === undefined ? result : { ...result, extensions };
  }

  async #run(
    prepared: PreparedOperation,
    { variables, caller, shape }: Pick<Execution, 'variables' | 'caller'> & Pick<OperationRequest, 'shape'>,
  ): Promise<Executed> {
    const execution: Execution = {
      variables,
      caller,
      data: {},
      errors: [],
      failed: new Set<DataObject>(),
      shared: new Set<unknown>(),
    };
    await prepared.run(execution);
    const introspection =
      prepared.introspection && this.#introspect(prepared.introspection, variables, shape?.introspected);
    await shape?.cut?.(execution.data, this.#aliases.keyOf);
    const project =
      shape === undefined ? prepared.projectionFor(variables) : this.#shapedProjections.of(shape);
    // a result's data is typed as a map; ours is its JSON, which `stringifyResponse` writes
    const data = (project({ ...execution, introspection }) ?? null) as DataObject | null;
    return {
      result: { data, ...(execution.errors.length === 0 ? {} : { errors: execution.errors }) },
      answers: prepared.fetches?.flatMap((fetch) => caller.answers?.get(fetch) ?? []),
      fetched: { data: execution.data, keyOf: this.#aliases.keyOf, shared: execution.shared },
    };
  }

  /** The headers of each subgraph, made once a request: most subgraphs have the same rules. */
  #headersOf(client: ClientRequest): Caller['headersFor'] {
    const made = new Map<SelectHeaders, Readonly<Record<string, string>>>();
    return (subgraph) => {
      const select = this.#headers.get(subgraph);
      if (select === undefined) return NO_HEADERS;
      let headers = made.get(select);
      if (headers === undefined) {
        headers = select(client);
        made.set(select, headers);
      }
      return headers;
    };
  }

  async plan(document: DocumentNode, operationName: string | undefined): Promise<string> {
    const [error] = validate(this.apiSchema, document);
    if (error !== undefined) throw error;
    const operation = getOperationAST(document, operationName);
    if (operation === undefined || operation === null) {
      const message =
        operationName === undefined ? {} : { message: `Unknown operation named "${operationName}".` };
      throw new GatewayError('OPERATION_RESOLUTION_FAILURE', message);
    }
    return printPlan((await this.#prepareNow(document, operation, NO_VARIANT)).plan);
  }

  async close(): Promise<void> {
    this.#operations.close();
    for (const unobserve of this.#unobserve) unobserve();
    await Promise.all([
      this.#planner.close(),
      ...Array.from(this.#clients.values(), (client) => client.close()),
    ]);
  }

  /** Prepares once: requests that come meanwhile wait for the same. What fails is tried again by the next request. */
  #prepare(request: PreparedRequest): Promise<PreparedOperation> {
    const { document, operation, source, sourceHash } = request;
    const variant = { percentage: this.#plans.drawPercentage(), conditions: appliedConditions(request) };
    const key: OperationKey = {
      sourceHash,
      operationName: operation.name?.value ?? '',
      variant: printVariant(variant),
    };
    const known = this.#operations.get(key);
    if (this.#telemetry.isHeard) {
      this.#telemetry.record('planLookups', 1, { result: known === undefined ? 'miss' : 'hit' });
    }
    if (known !== undefined) return known;
    const prepared = this.#prepareNow(document, operation, variant);
    this.#operations.set(key, { prepared, source });
    return prepared;
  }

  /** Validates and prepares what was asked for of the engine before. */
  async #prepareUsed({ source, uses, ...key }: UsedOperation): Promise<boolean> {
    const document = parse(source);
    if (validate(this.apiSchema, document).length > 0) return false;
    const operation = getOperationAST(document, key.operationName === '' ? undefined : key.operationName);
    if (operation === undefined || operation === null) return false;
    const { percentage, conditions } = readVariant(key.variant);
    const variant = { percentage: this.#plans.roundPercentage(percentage), conditions };
    const prepared = this.#prepareNow(document, operation, variant);
    this.#operations.set({ ...key, variant: printVariant(variant) }, { prepared, source, uses });
    // the projection is compiled when it is first asked for
    (await prepared).projectionFor({});
    return true;
  }

  async #prepareNow(
    document: DocumentNode,
    asked: OperationDefinitionNode,
    { percentage, conditions }: OperationVariant,
  ): Promise<PreparedOperation> {
    const operation = conditions.size === 0 ? asked : withConditions(asked, conditions);
    const fragments = new Map<string, FragmentDefinitionNode>();
    for (const definition of document.definitions) {
      if (definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
      const fragment = conditions.size === 0 ? definition : withConditions(definition, conditions);
      fragments.set(definition.name.value, fragment);
    }
    const { interfaceObjects } = this.#types;
    const isKnown = (coordinate: string): boolean => this.#types.isKnown(coordinate);
    const common = { schema: this.apiSchema, operation, fragments, aliases: this.#aliases, interfaceObjects };
    const plan = await this.#plans.of(common, percentage);
    const subgraphs = subgraphsOf(plan.root);
    const answerHeaders = this.#answerHeaders;
    return {
      plan,
      bytes: estimatedBytes(plan),
      run: compilePlan(plan, {
        types: this.#types,
        aliases: this.#aliases,
        customScalarFields: this.#customScalarFields,
        send: this.#send,
      }),
      subgraphs,
      sharesAllCalls: subgraphs.every((subgraph) => this.#sharesCalls.get(subgraph)),
      fetches: answerHeaders && fetchesOf(plan.root).filter(({ subgraph }) => answerHeaders.isOf(subgraph)),
      refusedSubgraphs:
        this.#subgraphCosts &&
        compileSubgraphLimits(plan.root, { schema: this.costs, limits: this.#subgraphCosts }),
      inFlight: new InFlight(),
      introspection: introspectionPart(operation, fragments),
      projectionFor: projectionsOf({ ...common, isKnown }),
    };
  }

  #introspect(
    document: DocumentNode,
    variableValues: Readonly<Record<string, unknown>>,
    schema = this.apiSchema,
  ): Record<string, unknown> {
    const result = execute({ schema, document, variableValues });
    return result instanceof Promise ? {} : { ...(result as ExecutionResult).data };
  }
}

function shownPlan(plan: QueryPlan): ShownPlan {
  return { object: apolloPlanOf(plan), text: printPlan(plan) };
}

/**
 * Compiled steps and projection grow with the plan's texts. Measured, with the document: 6 kB for one field, 14 kB for three,
 * 99 kB for `bench/operations/everything.graphql`, 2.7 MB for a text of 25,000 characters.
 */
function estimatedBytes({ root }: QueryPlan): number {
  const sizes = fetchesOf(root).map(({ operation }) => 100 + operation.length);
  return sizes.reduce((sum, size) => sum + size, 0) * BYTES_PER_CHARACTER;
}
const BYTES_PER_CHARACTER = 40;

type PreparedRequest = Pick<OperationRequest, 'document' | 'operation' | 'source' | 'sourceHash' | 'coerced'>;

const NO_VARIANT: OperationVariant = { percentage: 0, conditions: new Map() };

/**
 * The values of `@skip` and `@include` by which an operation is planned. Left to the native planner, a condition is lost where it splits a
 * selection, by the types of a union for example: the subgraph then does what the client has skipped. Queries with many
 * conditions are left to it all the same, as each set of values is a plan of its own; what a mutation skips must not be done.
 */
function appliedConditions({
  document,
  operation,
  coerced,
}: PreparedRequest): OperationVariant['conditions'] {
  const names = conditionVariablesOf(operation, document);
  if (names.length === 0) return NO_VARIANT.conditions;
  if (operation.operation === 'query' && names.length > MAX_APPLIED_CONDITIONS) return NO_VARIANT.conditions;
  return new Map(names.map((name) => [name, coerced[name] === true]));
}
const MAX_APPLIED_CONDITIONS = 8;

/**
 * Planning the same text again would end the same way. What is too complex costs a planner its process each time, so that
 * who repeats it must not be served anew; load may have been the reason, so that it is tried again some time.
 */
const LASTING_REFUSALS: ReadonlySet<string> = new Set([
  'OPERATION_TOO_COMPLEX',
  'MAX_SUBGRAPH_FETCHES_LIMIT',
  'OPERATION_NOT_SUPPORTED',
]);
const REFUSED_FOR_MS = 60_000;

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/** All that the calls of two executions of an operation may differ in. */
function sharingKey(
  variables: Readonly<Record<string, unknown>>,
  { subgraphs }: PreparedOperation,
  headersFor: Caller['headersFor'],
): string {
  let key = jsonOf(variables) ?? '';
  let before: unknown;
  for (const subgraph of subgraphs) {
    const headers = headersFor(subgraph);
    // most subgraphs have the same rules, and then the same object
    key += headers === before ? '=' : JSON.stringify(headers);
    before = headers;
  }
  return key;
}
