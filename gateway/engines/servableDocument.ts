import type { DocumentNode } from 'graphql';
import { GatewayError } from '../errors.ts';
import { linksOf } from '../supergraph/links.ts';
import { parseSupergraph } from '../supergraph/parseSupergraph.ts';
import { subgraphUrls } from '../supergraph/subgraphUrls.ts';
import type { Supergraph } from '../supergraph/supergraph.ts';

/**
 * The supergraph as a document, where the compiled engine can serve all that it says.
 * @throws GatewayError SUPERGRAPH_INVALID
 */
export function servableDocument(supergraph: Supergraph): DocumentNode {
  const document = parseSupergraph(supergraph);
  refuseContextArguments(supergraph);
  refusePlainSchema(document);
  refuseUnknownSecurity(document);
  return document;
}

/** The planner ignores contextual arguments, and would answer wrongly without a word. */
function refuseContextArguments({ sdl }: Supergraph): void {
  if (!/\bcontextArguments\s*:\s*\[\s*\{/.test(sdl)) return;
  throw new GatewayError('SUPERGRAPH_INVALID', {
    message:
      'The supergraph uses @context and @fromContext, which the compiled engine does not serve; set `engine: apollo`.',
  });
}

/**
 * A specification linked `for: SECURITY` says who may see what. Served by an engine that does not know it, everybody sees
 * everything, so that the supergraph is refused.
 * Source: link specification v1.0, `link__Purpose.SECURITY`.
 */
function refuseUnknownSecurity(document: DocumentNode): void {
  const unknown = linksOf(document)
    .filter(({ purpose, specification }) => purpose === 'SECURITY' && specification !== 'inaccessible')
    .map(({ specification }) => specification);
  if (unknown.length === 0) return;
  throw new GatewayError('SUPERGRAPH_INVALID', {
    message: `The supergraph uses ${unknown.join(', ')} for security, which this gateway does not enforce yet; it is not served unprotected.`,
  });
}

/** A schema that no composition made names no subgraphs, and would be served with nobody to ask. */
function refusePlainSchema(document: DocumentNode): void {
  if (subgraphUrls(document).size > 0) return;
  throw new GatewayError('SUPERGRAPH_INVALID', {
    message:
      'The file is a schema, but no composed supergraph: it names no subgraphs in `join__Graph`. Compose it with `tributary compose`.',
  });
}
