import { type DocumentNode, parse } from 'graphql';
import { GatewayError } from '../errors.ts';
import type { Supergraph } from './supergraph.ts';

/**
 * The supergraph SDL as a document.
 * @throws GatewayError SUPERGRAPH_INVALID
 */
export function parseSupergraph({ sdl }: Supergraph): DocumentNode {
  try {
    return parse(sdl, { noLocation: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError('SUPERGRAPH_INVALID', {
      message: `The supergraph cannot be parsed: ${reason}`,
      cause,
    });
  }
}
