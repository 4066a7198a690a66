/**
 * A program, and the one that ours is measured beside: Apollo Server's standalone server on a bare `ApolloGateway`, as
 * its documentation sets it up, which sends the client's authorization header on to subgraphs.
 * Started as `apolloGateway.ts <supergraph file> <port>`.
 */
import { readFileSync } from 'node:fs';
import {
  ApolloGateway,
  type GraphQLDataSourceProcessOptions,
  RemoteGraphQLDataSource,
} from '@apollo/gateway';
import { ApolloServer, type ApolloServerOptionsWithGateway } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';

interface Context {
  readonly authorization?: string;
}

class ForwardingDataSource extends RemoteGraphQLDataSource<Context> {
  override willSendRequest({ request, context }: GraphQLDataSourceProcessOptions<Context>): void {
    if (context.authorization !== undefined)
      request.http?.headers.set('authorization', context.authorization);
  }
}

const [file = '', port = ''] = process.argv.slice(2);
process.env.APOLLO_TELEMETRY_DISABLED = '1';
const gateway = new ApolloGateway({
  supergraphSdl: readFileSync(file, 'utf8'),
  buildService: ({ url }) => new ForwardingDataSource({ url }),
  logger: { debug() {}, info() {}, warn: console.error, error: console.error },
});
const server = new ApolloServer<Context>({
  // the gateway's types name the Apollo Server that they were written for
  gateway: gateway as unknown as ApolloServerOptionsWithGateway<Context>['gateway'],
  stopOnTerminationSignals: false,
});
await startStandaloneServer(server, {
  listen: { host: '127.0.0.1', port: Number(port) },
  context: async ({ req }) => ({ authorization: req.headers.authorization }),
});
process.send?.({ type: 'listening' });
// by `exit`, and not by the signal: a profile that Node.js was asked for is written then
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));
