import type { DocumentNode, OperationDefinitionNode } from 'graphql';
import type { Authorization, AuthorizationRequest, AuthorizerOptions } from './authorization.ts';
import { Authorizing } from './authorizing.ts';
import { GuardedOperation } from './guardedOperation.ts';
import { VisibleSchemas } from './visibleSchema.ts';

/**
 * Decides, before anything is planned, what of an operation its principal may ask. It belongs to one API schema and one
 * rule table, and never changes.
 */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #visibleSchemas: VisibleSchemas;
  /** By document, which Apollo Server keeps while it is in use. */
  readonly #operations = new WeakMap<DocumentNode, Map<OperationDefinitionNode, GuardedOperation>>();

  constructor(options: AuthorizerOptions) {
    this.#options = options;
    this.#visibleSchemas = new VisibleSchemas(options.schema, options.table);
  }

  /** Never throws for what a rule does. */
  async authorize(request: AuthorizationRequest): Promise<Authorization> {
    const guarded = this.#guardedOperation(request);
    const filters = this.#options.filtersIntrospection && guarded.hasIntrospection;
    if (guarded.questions.length === 0 && !filters) return { kind: 'untouched' };
    return new Authorizing({
      request,
      guarded,
      options: this.#options,
      visibleSchemas: filters ? this.#visibleSchemas : undefined,
    }).run();
  }

  #guardedOperation({ document, operation }: AuthorizationRequest): GuardedOperation {
    let operations = this.#operations.get(document);
    if (operations === undefined) {
      operations = new Map();
      this.#operations.set(document, operations);
    }
    let guarded = operations.get(operation);
    if (guarded === undefined) {
      guarded = new GuardedOperation(document, operation, this.#options);
      operations.set(operation, guarded);
    }
    return guarded;
  }
}
