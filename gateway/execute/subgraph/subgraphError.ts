import { GraphQLError } from 'graphql';
import type { SubgraphResponseError } from './subgraphClient.ts';

/**
 * An error that a subgraph reported, made safe to carry inward: `extensions.http` would choose the status and headers of
 * the gateway's own answer, and a stack trace is nobody's business outside the subgraph.
 */
export function subgraphError(reported: SubgraphResponseError, subgraph: string): GraphQLError {
  const { http: _http, stacktrace: _stacktrace, exception: _exception, ...kept } = reported.extensions ?? {};
  return new GraphQLError(reported.message, {
    path: reported.path,
    extensions: { code: 'DOWNSTREAM_SERVICE_ERROR', ...kept, service: subgraph },
  });
}
