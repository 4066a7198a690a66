import type { Cancellation } from '../../runtime/cancellation.ts';

/** One operation for a subgraph. */
export interface SubgraphRequest {
  /** The JSON body: `{"query":…,"variables":…}`. */
  readonly body: string;
  /** Names in lower case; see `headerRules.ts`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Cancelled when nobody waits for the answer any more. */
  readonly cancellation: Cancellation;
  /** Whether the answer to an equal request that is in flight will do: the same body and headers. Never in a mutation. */
  readonly isShareable: boolean;
  /** Whether it may be sent again when nobody knows if it was read: a query, and never a mutation. */
  readonly isRepeatable: boolean;
  /** Whether numbers of the answer's data that a double would round are `LongNumber`s; the same for all that are the same in body. */
  readonly keepsDigits?: boolean;
  /** Whether the headers of the answer are asked for; the same for all requests to a subgraph. */
  readonly keepsHeaders?: boolean;
}

/** A well-formed GraphQL response: at least one of `data` and `errors`. */
export interface SubgraphResponse {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly SubgraphResponseError[];
  /** HTTP status, when it was not a success. */
  readonly failedStatus?: number;
  /** Where they were asked for. Shared by all who share the answer. */
  readonly headers?: AnswerHeaders;
}

/** Headers of an answer, by names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What one request of an execution got; no headers where it got no answer. */
export interface SubgraphAnswer {
  readonly subgraph: string;
  readonly headers: AnswerHeaders | undefined;
}

export interface SubgraphResponseError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}
