import { Supergraph as FederatedSupergraph } from '@apollo/federation-internals';
import { buildSchema, GraphQLError, type GraphQLSchema, Kind, print, printSchema } from 'graphql';
import type { Engine } from '../../gateway/engine.ts';
import { coerceVariables } from '../../gateway/operation/coerceVariables.ts';
import { composeSubgraphs } from '../../gateway/supergraph/composeSubgraphs.ts';
import { sha256, supergraphFromSdl } from '../../gateway/supergraph/supergraph.ts';
import { clientRequestOf } from '../support/clientRequestOf.ts';
import { type Answer, answerOf, compareAnswers, type Difference } from './compareAnswers.ts';
import type { EngineUnderTest } from './enginesUnderTest.ts';
import { type DataRates, GraphData } from './graphData.ts';
import type { GraphModel } from './graphModel.ts';
import type { OperationCase } from './operationCase.ts';
import { oracleAnswer } from './oracle.ts';
import { subgraphSdl } from './subgraphSdl.ts';
import type { ServedGraph, SubgraphExchange, SubgraphServer } from './subgraphServer.ts';

/** All that one comparison depends on. */
export interface Case {
  readonly operation: OperationCase;
  readonly dataSeed: number;
  readonly rates: DataRates;
}

/** What an engine made of a case. */
export interface Outcome {
  readonly engine: string;
  readonly differences: readonly Difference[];
  readonly expected: Answer;
  readonly actual: Answer | undefined;
  readonly exchanges: readonly SubgraphExchange[];
}

/** A graph that composes: its subgraphs are served, and engines are built over it. */
export class GraphCase {
  readonly model: GraphModel;
  /** What clients see, as a schema of graphql-js that shares nothing with an engine. */
  readonly apiSchema: GraphQLSchema;
  readonly #served: ServedGraph;
  readonly #engines: readonly { readonly tested: EngineUnderTest; readonly engine: Engine }[];

  private constructor(parts: {
    readonly model: GraphModel;
    readonly apiSchema: GraphQLSchema;
    readonly served: ServedGraph;
    readonly engines: readonly { readonly tested: EngineUnderTest; readonly engine: Engine }[];
  }) {
    this.model = parts.model;
    this.apiSchema = parts.apiSchema;
    this.#served = parts.served;
    this.#engines = parts.engines;
  }

  /** @returns the reasons, when composition refuses the graph */
  static async start(
    model: GraphModel,
    server: SubgraphServer,
    tested: readonly EngineUnderTest[],
  ): Promise<GraphCase | readonly string[]> {
    let served: ServedGraph | undefined;
    try {
      served = server.serve(model);
      const { urlOf } = served;
      const result = composeSubgraphs(
        model.subgraphs.map((name) => ({ name, url: urlOf(name), sdl: subgraphSdl(model, name) })),
      );
      if (result.kind === 'failed') {
        served.close();
        return result.errors.map(({ code, message }) => `${code}: ${message}`);
      }
      return await GraphCase.#over({ model, tested, served, supergraphSdl: result.supergraphSdl });
    } catch (error) {
      served?.close();
      // what is wrong inside one subgraph is thrown by composition, or by the subgraph's own server
      if (error instanceof GraphQLError || error instanceof RangeError) return [error.message];
      throw error;
    }
  }

  static async #over(parts: {
    readonly model: GraphModel;
    readonly tested: readonly EngineUnderTest[];
    readonly served: ServedGraph;
    readonly supergraphSdl: string;
  }): Promise<GraphCase> {
    const { model, served, supergraphSdl, tested } = parts;
    const federated = FederatedSupergraph.build(supergraphSdl);
    const apiSchema = buildSchema(printSchema(federated.apiSchema().toGraphQLJSSchema()));
    const supergraph = supergraphFromSdl(supergraphSdl);
    const engines = [];
    for (const one of tested) {
      try {
        engines.push({ tested: one, engine: await one.build(supergraph) });
      } catch (error) {
        throw new Error(`The engine ${one.name} refuses a supergraph that composes: ${error}`, {
          cause: error,
        });
      }
    }
    return new GraphCase({ model, apiSchema, served, engines });
  }

  expected({ operation, dataSeed, rates }: Case): Answer {
    return answerOf(oracleAnswer(this.apiSchema, new GraphData(this.model, dataSeed, rates), operation));
  }

  /** Runs a case on every engine, one after the other. */
  async run(one: Case): Promise<Outcome[]> {
    const expected = this.expected(one);
    const outcomes: Outcome[] = [];
    for (const { tested, engine } of this.#engines) {
      this.#served.use(new GraphData(this.model, one.dataSeed, one.rates));
      const actual = await answerBy(engine, one.operation);
      outcomes.push({
        engine: tested.name,
        expected,
        ...(actual instanceof Error
          ? {
              actual: undefined,
              differences: [{ kind: 'exception', detail: actual.stack ?? actual.message }],
            }
          : { actual, differences: compareAnswers(actual, expected) }),
        exchanges: this.#served.takeExchanges(),
      });
    }
    return outcomes;
  }

  /** The query plan of every engine, for the report. */
  async plans({ document }: OperationCase): Promise<string[]> {
    return Promise.all(
      this.#engines.map(async ({ tested, engine }) => {
        const plan = await engine.plan(document, undefined).catch((error: unknown) => String(error));
        return `${tested.name}: ${plan}`;
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.#engines.map(({ engine }) => engine.close()));
    this.#served.close();
  }
}

async function answerBy(engine: Engine, { document, variables }: OperationCase): Promise<Answer | Error> {
  const source = print(document);
  const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  if (operation === undefined) throw new Error('A case has an operation.');
  const { coerced, errors } = coerceVariables({
    schema: engine.apiSchema,
    definitions: operation.variableDefinitions ?? [],
    variables,
    hidesSuggestions: true,
  });
  if (errors !== undefined) return answerOf({ errors });
  try {
    const result = await engine.execute({
      document,
      operation,
      operationName: operation.name?.value,
      source,
      sourceHash: sha256(source),
      variables,
      coerced,
      client: clientRequestOf({ requestId: 'differential' }),
    });
    return answerOf(result);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
