import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import type { BuildEngine, Engine, OperationRequest } from '../engine.ts';
import { GatewayError } from '../errors.ts';
import type { CostSchema } from '../limit/cost/costSchema.ts';
import type { Admitted, DemandControl } from '../limit/demandControl.ts';
import type { Supergraph } from '../supergraph/supergraph.ts';

export interface DemandControlSettings {
  readonly demandControl: DemandControl;
  /** The header in which clients give their name, in lower case. */
  readonly clientNameHeader: string;
}

/**
 * Wraps what builds engines: theirs execute an operation once it is paid. It is wrapped in authorization itself, so that what
 * a principal may not ask costs it nothing.
 */
export function demandControlled(build: BuildEngine, settings: DemandControlSettings): BuildEngine {
  return async (supergraph) => {
    const inner = await build(supergraph);
    return inner.costs === undefined ? inner : new DemandControlledEngine(inner, inner.costs, settings);
  };
}

class DemandControlledEngine implements Engine {
  readonly supergraph: Supergraph;
  readonly apiSchema: GraphQLSchema;
  readonly warmth: Engine['warmth'];
  readonly costs: CostSchema;
  readonly #inner: Engine;
  readonly #settings: DemandControlSettings;

  constructor(inner: Engine, costs: CostSchema, settings: DemandControlSettings) {
    this.supergraph = inner.supergraph;
    this.apiSchema = inner.apiSchema;
    this.warmth = inner.warmth;
    this.costs = costs;
    this.#inner = inner;
    this.#settings = settings;
  }

  async execute(request: OperationRequest): Promise<ExecutionResult> {
    const { demandControl, clientNameHeader } = this.#settings;
    const payer = { client: request.client, clientNameHeader };
    let admitted: Admitted;
    try {
      admitted = await demandControl.admit({ ...request, schema: this.costs, payer });
    } catch (error) {
      return refused(error);
    }
    try {
      const result = await this.#inner.execute({ ...request, onData: admitted.onData });
      const { extensions, headers } = admitted.settle();
      request.answerWith?.(headers);
      return extensions === undefined
        ? result
        : { ...result, extensions: { ...result.extensions, ...extensions } };
    } finally {
      // what was not used goes back, however the execution has ended
      admitted.settle();
    }
  }

  plan(document: DocumentNode, operationName: string | undefined): Promise<string> {
    return this.#inner.plan(document, operationName);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

/** Clients look for budgets where answers that were paid have them. */
function refused(error: unknown): ExecutionResult {
  const rateLimit = error instanceof GatewayError ? error.extensions.rateLimit : undefined;
  if (rateLimit === undefined) throw error;
  return { errors: [error as GatewayError], extensions: { rateLimit } };
}
