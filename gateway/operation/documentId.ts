import type { HTTPGraphQLRequest } from '@apollo/server';

/**
 * The id by which a request names its document: `documentId` of the body or the URL, or Relay's `doc_id`.
 * Source: GraphQL over HTTP, appendix "Persisted documents"; Relay, "Persisted queries".
 */
export function documentIdOf(request: HTTPGraphQLRequest | undefined): string | undefined {
  if (request === undefined) return undefined;
  const { body, search } = request;
  if (typeof body === 'object' && body !== null) {
    const { documentId, doc_id: relayId } = body as Record<string, unknown>;
    const id = documentId ?? relayId;
    if (typeof id === 'string') return id;
  }
  if (!/documentId|doc_id/.test(search)) return undefined;
  const parameters = new URLSearchParams(search);
  return parameters.get('documentId') ?? parameters.get('doc_id') ?? undefined;
}
