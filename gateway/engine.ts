import type { DocumentNode, ExecutionResult, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { Logger } from 'pino';
import type { ResponseShape } from './authorize/responseShape.ts';
import type { SubgraphTls } from './execute/subgraph/connections.ts';
import type { SelectHeaders } from './execute/subgraph/headerRules.ts';
import type { ForwardHeaders } from './execute/subgraph/responseHeaderRules.ts';
import type { SubgraphAnswer } from './execute/subgraph/subgraphRequest.ts';
import type { SubgraphSenderOptions } from './execute/subgraph/subgraphSender.ts';
import type { HeldStates } from './execute/subgraph/traffic/heldStates.ts';
import type { SubgraphTraffic } from './execute/subgraph/traffic/subgraphTraffic.ts';
import type { ClientRequest } from './http/clientRequest.ts';
import type { FetchedData } from './limit/cost/actualCost.ts';
import type { CostSchema } from './limit/cost/costSchema.ts';
import type { SubgraphCostLimits } from './limit/cost/planCost.ts';
import type { UsedOperation } from './operation/usedOperation.ts';
import type { Supergraph } from './supergraph/supergraph.ts';
import type { Telemetry } from './telemetry/telemetry.ts';

/** One operation to execute: parsed, and valid against the engine's API schema. */
export interface OperationRequest {
  readonly document: DocumentNode;
  /** The operation of the document that is asked for. */
  readonly operation: OperationDefinitionNode;
  readonly operationName: string | undefined;
  /** The document's text as the client sent it. */
  readonly source: string;
  /** SHA-256 of `source`, hex. */
  readonly sourceHash: string;
  /** As the client sent them: not coerced yet. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** As the schema has them, defaults filled in (`coerceVariables`). */
  readonly coerced: Readonly<Record<string, unknown>>;
  readonly client: ClientRequest;
  /** Set where authorization changed the operation: by what the response is shaped in place of `operation`. */
  readonly shape?: ResponseShape;
  /** Whether rules are in force, which what a planner mixes up by the aliases of a client would go round. */
  readonly isGuarded?: boolean;
  /** Called with what was fetched, once it is in the answer; not where nothing was executed. */
  readonly onData?: ((fetched: FetchedData) => void) | undefined;
  /**
   * Called with what subgraphs answered, in the order of the plan, where the engine was built to collect it; not where
   * nothing was executed.
   */
  readonly onAnswers?: ((answers: readonly SubgraphAnswer[]) => void) | undefined;
  /** Called when rules decide on it: the answer is for who asks alone, whatever they looked at. */
  readonly onGuarded?: (() => void) | undefined;
  /** Adds headers to the HTTP answer, by names in lower case. */
  readonly answerWith?: (headers: Readonly<Record<string, string>>) => void;
}

/**
 * Everything that depends on one supergraph: API schema, planner, caches, subgraph connections. An engine never changes;
 * another one replaces it, and it is closed when its last request has ended.
 */
export interface Engine {
  readonly supergraph: Supergraph;
  /** What clients see: validation and introspection use it. */
  readonly apiSchema: GraphQLSchema;
  /** What the supergraph says of costs; absent in an engine whose operations cost nothing. */
  readonly costs?: CostSchema;
  /**
   * Executes an operation. A failing subgraph is an error in the result, never an exception.
   * `extensions` may hold the query plan where the settings expose it.
   */
  execute(request: OperationRequest): Promise<ExecutionResult>;
  /**
   * The query plan of an operation as text, for people.
   * @throws GraphQLError when the operation is not valid
   */
  plan(document: DocumentNode, operationName: string | undefined): Promise<string>;
  /** Absent where an engine cannot prepare operations before they are asked for. */
  readonly warmth?: EngineWarmth;
  /** Called once, after the last request. */
  close(): Promise<void>;
}

/** What hands the operations in use from an engine to the one that replaces it. */
export interface EngineWarmth {
  /** The operations asked for most lately, most first. */
  mostUsed(limit: number): readonly UsedOperation[];
  /**
   * Does what the first request for an operation would wait for, and counts it as used as often as it was.
   * @returns whether the operation is valid on this engine's supergraph
   * @throws GatewayError as planning does
   */
  prepare(operation: UsedOperation): Promise<boolean>;
}

/**
 * Builds the engine of a supergraph.
 * @throws GatewayError SUPERGRAPH_INVALID
 */
export type BuildEngine = (supergraph: Supergraph) => Promise<Engine>;

/** What every engine is built with, beside its supergraph. */
export interface EngineOptions {
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly trafficFor: (subgraph: string) => SubgraphTraffic;
  /** How connections to a subgraph are secured, where the settings say something of it. */
  readonly tlsFor?: (subgraph: string) => SubgraphTls | undefined;
  /** Whether a request may ask for its query plan. */
  readonly exposeQueryPlan: boolean;
  /** An operation whose plan may need more requests to subgraphs is refused; `undefined` = no limit. */
  readonly maxSubgraphFetches: number | undefined;
  readonly headersFor: (subgraph: string) => SelectHeaders;
  /** Of which subgraphs the headers of answers are collected, and whose may be for one client alone; `undefined` = of none. */
  readonly answerHeaders?: Pick<ForwardHeaders, 'isOf' | 'maySetCookie'> | undefined;
  /** What an operation may cost a subgraph; one for which it costs more is not asked. */
  readonly subgraphCosts?: SubgraphCostLimits | undefined;
  /** Where instances are found, and how the load is spread over them. */
  readonly discovery: Pick<SubgraphSenderOptions, 'balancing' | 'follow'>;
  /** What is known of subgraphs, handed from engine to engine. */
  readonly states: HeldStates;
  readonly planning: {
    /** An operation that takes longer to plan is refused. */
    readonly timeoutMs: number;
    /** Operations that may wait to be planned. */
    readonly maxQueue: number;
    /** Estimated memory that prepared operations may take. */
    readonly maxCacheBytes: number;
  };
}
