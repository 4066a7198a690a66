import type { HTTPGraphQLResponse } from '@apollo/server';

/** Headers of an answer, by names in lower case; several values are several lines. */
export type HeaderLines = ReadonlyMap<string, string | readonly string[]>;

/** The answer to one request for GraphQL. */
export interface GraphQLAnswer extends HTTPGraphQLResponse {
  /** What is sent on of subgraphs' answers; headers of the gateway's own take precedence. */
  readonly forwarded?: HeaderLines;
}
