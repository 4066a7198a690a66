import { type DocumentNode, GraphQLError, parse } from 'graphql';
import type { Logger } from 'pino';
import { GatewayError } from '../errors.ts';
import { RecentTexts } from '../runtime/recentTexts.ts';
import { checkDocument, type Exceeded } from './checkDocument.ts';
import type { StructureLimits } from './limit.ts';
import { nestsDeeper } from './nesting.ts';

export interface DocumentGuardOptions {
  readonly limits: StructureLimits & { readonly max_tokens: number; readonly max_recursion: number };
  /** Operations beyond a limit are logged and served, where the gateway itself is not in danger. */
  readonly warnOnly: boolean;
  readonly log: Logger;
}

/**
 * Refuses documents that exceed a limit of structure, before anything else parses or validates them. A verdict is
 * remembered by the document's text, so that a request with a known document costs one look-up.
 */
export class DocumentGuard {
  readonly #options: DocumentGuardOptions;
  readonly #verdicts = new RecentTexts<GatewayError | undefined>();

  constructor(options: DocumentGuardOptions) {
    this.#options = options;
  }

  /** The refusal of a document, or `undefined` where its structure is within the limits, or it does not parse. */
  check(text: string): GatewayError | undefined {
    return this.#verdicts.getOrMake(text, () => this.#judge(text));
  }

  #judge(text: string): GatewayError | undefined {
    const { limits, warnOnly, log } = this.#options;
    if (nestsDeeper(text, limits.max_recursion)) {
      return new GatewayError('MAX_RECURSION_LIMIT', {
        message: `The document nests deeper than ${limits.max_recursion} levels.`,
      });
    }
    let document: DocumentNode;
    try {
      document = parse(text, { maxTokens: limits.max_tokens, noLocation: true });
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      if (!TOO_MANY_TOKENS.test(error.message)) return undefined; // Apollo Server reports it
      return new GatewayError('TOKEN_LIMIT_EXCEEDED', {
        message: `The document has more than ${limits.max_tokens} tokens.`,
      });
    }
    const exceeded = checkDocument(document, limits);
    const refused = exceeded.find(({ limit }) => !warnOnly || limit.guardsGateway);
    if (refused !== undefined) return new GatewayError(refused.limit.code, { message: messageOf(refused) });
    if (exceeded.length > 0) {
      log.warn(
        { limits: exceeded.map(({ limit, value, max }) => ({ code: limit.code, value, max })) },
        'a document exceeds limits that are only warned of',
      );
    }
    return undefined;
  }
}

/** Source: graphql-js, `language/parser.ts`, `advanceLexer`. */
const TOO_MANY_TOKENS = /Document contains more that \d+ tokens/;

/** The words before the colon are those of Apollo Router. */
function messageOf({ limit, value, max }: Exceeded): string {
  const found = value > 1e9 ? 'more than a billion' : String(value);
  return `Maximum ${limit.quantity} limit exceeded in this operation: it has ${found}, and ${max} is allowed.`;
}
