/*
 * A program, and the one that ours is measured beside: Apollo Server's standalone server on a bare `ApolloGateway`, as
 * its documentation sets it up, which sends the client's authorization header on to subgraphs.
 * Started as `apolloGateway.mjs <supergraph file> <port>`.
 *
 * Plain JavaScript, for fairness: the loader of TypeScript switches source maps on, and an HTTP agent that it uses takes a
 * stack trace for every request, which then costs many times what it should.
 */
import { readFileSync } from 'node:fs';
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';

class ForwardingDataSource extends RemoteGraphQLDataSource {
  willSendRequest({ request, context }) {
    if (context.authorization !== undefined) request.http.headers.set('authorization', context.authorization);
  }
}

const [file, port] = process.argv.slice(2);
process.env.APOLLO_TELEMETRY_DISABLED = '1';
const gateway = new ApolloGateway({
  supergraphSdl: readFileSync(file, 'utf8'),
  buildService: ({ url }) => new ForwardingDataSource({ url }),
  logger: { debug() {}, info() {}, warn: console.error, error: console.error },
});
await startStandaloneServer(new ApolloServer({ gateway, stopOnTerminationSignals: false }), {
  listen: { host: '127.0.0.1', port: Number(port) },
  context: async ({ req }) => ({ authorization: req.headers.authorization }),
});
process.send?.({ type: 'listening' });
// by `exit`, and not by the signal: a profile that Node.js was asked for is written then
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));
