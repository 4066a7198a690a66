import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { execute, type GraphQLSchema, parse } from 'graphql';
import type { GraphData } from './graphData.ts';
import type { GraphModel } from './graphModel.ts';
import { referenceResolvers, subgraphFieldResolver, subgraphTypeResolver } from './subgraphResolvers.ts';
import { subgraphSdl } from './subgraphSdl.ts';

/** What a subgraph was asked, for the report of a failing case. */
export interface SubgraphExchange {
  readonly subgraph: string;
  readonly request: unknown;
  readonly response: unknown;
}

/** All subgraphs of one graph, served under one port: `/g3/s0/graphql`. */
export interface ServedGraph {
  urlOf(subgraph: string): string;
  /** Every answer from now on is computed from these data. */
  use(data: GraphData): void;
  /** Empties the list of what the subgraphs were asked since the last call. */
  takeExchanges(): SubgraphExchange[];
  close(): void;
}

interface Registered {
  readonly schemas: ReadonlyMap<string, GraphQLSchema>;
  data: GraphData | undefined;
  exchanges: SubgraphExchange[];
}

/** One HTTP server for the subgraphs of every graph of a run: a graph costs no port and no start. */
export class SubgraphServer {
  readonly #graphs = new Map<string, Registered>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #count = 0;

  async listen(): Promise<void> {
    this.#server.on('clientError', (_error, socket) => socket.destroy());
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  serve(model: GraphModel): ServedGraph {
    const name = `g${this.#count++}`;
    const schemas = new Map(
      model.subgraphs.map((subgraph) => [subgraph, this.#schemaOf(model, subgraph)] as const),
    );
    const registered: Registered = { schemas, data: undefined, exchanges: [] };
    this.#graphs.set(name, registered);
    const { port } = this.#server.address() as AddressInfo;
    return {
      urlOf: (subgraph) => `http://127.0.0.1:${port}/${name}/${subgraph}/graphql`,
      use(data) {
        registered.data = data;
        registered.exchanges = [];
      },
      takeExchanges: () => registered.exchanges.splice(0),
      close: () => void this.#graphs.delete(name),
    };
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #schemaOf(model: GraphModel, subgraph: string): GraphQLSchema {
    const resolvers = referenceResolvers(model, subgraph);
    return buildSubgraphSchema({
      typeDefs: parse(subgraphSdl(model, subgraph)),
      resolvers: resolvers as never,
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const [, graph = '', subgraph = ''] = request.url?.split('/') ?? [];
    const registered = this.#graphs.get(graph);
    const schema = registered?.schemas.get(subgraph);
    const { query, variables, operationName } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (registered?.data === undefined || schema === undefined) {
      response.writeHead(404).end();
      return;
    }
    const result = await execute({
      schema,
      document: parse(query),
      operationName,
      variableValues: variables,
      contextValue: { data: registered.data, subgraph },
      fieldResolver: subgraphFieldResolver,
      typeResolver: subgraphTypeResolver,
    });
    registered.exchanges.push({ subgraph, request: { query, variables }, response: result });
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(result));
  }
}
