import { type DocumentNode, type ExecutionResult, GraphQLError, type GraphQLSchema, print } from 'graphql';
import type { Logger } from 'pino';
import type { AuthorizedOperation, AuthorizerOptions } from '../authorize/authorization.ts';
import { Authorizer } from '../authorize/authorizer.ts';
import type { Permissions } from '../authorize/permissions.ts';
import type { SpendPoints } from '../authorize/ruleContext.ts';
import { ruleTable } from '../authorize/ruleTable.ts';
import type { BuildEngine, Engine, OperationRequest } from '../engine.ts';
import { GatewayError } from '../errors.ts';
import type { PartBudgets } from '../limit/rate/partBudgets.ts';
import { parseSupergraph } from '../supergraph/parseSupergraph.ts';
import {
  securityDirectivesOf,
  unknownSecurityOf,
  withoutSecurity,
} from '../supergraph/securityDirectives.ts';
import type { Supergraph } from '../supergraph/supergraph.ts';

export interface AuthorizationSettings {
  readonly log: Logger;
  readonly ruleTimeoutMs: number;
  readonly rejectsUnauthorized: boolean;
  readonly isDryRun: boolean;
  /** Where clients read what was denied. */
  readonly errorsIn: 'errors' | 'extensions' | 'disabled';
  readonly logsDenials: boolean;
  readonly filtersIntrospection: boolean;
  /** Coordinates whose subgraph is trusted with what it reads. */
  readonly trusted: readonly string[];
  /** Pays for what rules set a budget on. */
  readonly partBudgets?: PartBudgets | undefined;
}

/**
 * Engines that ask nothing of subgraphs but what the principal may ask. The engines inside know nothing of it: they get the
 * supergraph without the directives for it, and operations without what is denied.
 */
export class AuthorizedEngines {
  readonly #settings: AuthorizationSettings;
  readonly #live = new Set<AuthorizedEngine>();
  #permissions: Permissions;
  /** The newest: where they do not fit the supergraph in force, the next one may be what they are for. */
  #wanted: Permissions;
  #refused: Supergraph | undefined;

  constructor(permissions: Permissions, settings: AuthorizationSettings) {
    this.#permissions = permissions;
    this.#wanted = permissions;
    this.#settings = settings;
  }

  /** The last supergraph that rules did not fit, if none was built since: with other rules it may be. */
  get refusedSupergraph(): Supergraph | undefined {
    return this.#refused;
  }

  /**
   * Wraps what builds engines.
   * @throws GatewayError PERMISSIONS_INVALID where the rules do not fit a supergraph; the engine before stays in force
   */
  building(build: BuildEngine): BuildEngine {
    return async (supergraph) => {
      const document = parseSupergraph(supergraph);
      refuseUnknownSecurity(document);
      const planned = withoutSecurity(document);
      const inner = await build(planned === document ? supergraph : { ...supergraph, sdl: print(planned) });
      const authorizerOf = (permissions: Permissions): Authorizer | undefined =>
        this.#authorizerOf(document, inner.apiSchema, permissions);
      try {
        const engine = new AuthorizedEngine({
          inner,
          supergraph,
          settings: this.#settings,
          authorizer: this.#fitting(authorizerOf),
          authorizerOf,
          onClose: () => this.#live.delete(engine),
        });
        this.#live.add(engine);
        this.#refused = undefined;
        return engine;
      } catch (error) {
        await inner.close();
        this.#refused = supergraph;
        throw error;
      }
    };
  }

  /**
   * Puts other rules in force, from the next request on.
   * @throws GatewayError PERMISSIONS_INVALID where they do not fit the supergraph in force; then the rules before stay
   */
  replacePermissions(permissions: Permissions): void {
    this.#wanted = permissions;
    // the newest is in force, or will be; those before it have other supergraphs, and end with their last request
    const [newest, ...retired] = [...this.#live].reverse();
    if (newest !== undefined) newest.authorizer = newest.authorizerOf(permissions);
    for (const engine of retired) {
      try {
        engine.authorizer = engine.authorizerOf(permissions);
      } catch (error) {
        this.#settings.log.debug({ err: error }, 'a replaced engine keeps its permissions');
      }
    }
    this.#permissions = permissions;
  }

  /** By the newest rules, where they fit; else by those in force. */
  #fitting(authorizerOf: (permissions: Permissions) => Authorizer | undefined): Authorizer | undefined {
    try {
      const authorizer = authorizerOf(this.#wanted);
      this.#permissions = this.#wanted;
      return authorizer;
    } catch (error) {
      if (this.#wanted === this.#permissions) throw error;
      return authorizerOf(this.#permissions);
    }
  }

  #authorizerOf(
    supergraph: DocumentNode,
    schema: GraphQLSchema,
    permissions: Permissions,
  ): Authorizer | undefined {
    const { trusted, filtersIntrospection, ruleTimeoutMs, rejectsUnauthorized, isDryRun, log } =
      this.#settings;
    const shieldOptions = permissions.options ?? {};
    const table = ruleTable({
      supergraph,
      schema,
      directives: securityDirectivesOf(supergraph),
      tree: permissions.permissions,
      options: shieldOptions,
      trusted: new Set(trusted),
    });
    if ('problems' in table) {
      throw new GatewayError('PERMISSIONS_INVALID', {
        message: `The permissions cannot be enforced:${table.problems.map((problem) => `\n  ${problem}`).join('')}`,
      });
    }
    if (table.isEmpty) return undefined;
    const options: AuthorizerOptions = {
      schema,
      table,
      shieldOptions,
      evaluatePolicies: permissions.evaluatePolicies,
      ruleTimeoutMs,
      rejectsUnauthorized,
      isDryRun,
      filtersIntrospection,
      onFault: (message, err, { requestId }) => log.error({ err, requestId }, message),
    };
    return new Authorizer(options);
  }
}

interface AuthorizedEngineParts {
  readonly inner: Engine;
  readonly supergraph: Supergraph;
  readonly settings: AuthorizationSettings;
  /** `undefined` where nothing is guarded. */
  readonly authorizer: Authorizer | undefined;
  readonly authorizerOf: (permissions: Permissions) => Authorizer | undefined;
  readonly onClose: () => void;
}

class AuthorizedEngine implements Engine {
  readonly supergraph: Supergraph;
  readonly apiSchema: GraphQLSchema;
  readonly warmth: Engine['warmth'];
  readonly authorizerOf: AuthorizedEngineParts['authorizerOf'];
  authorizer: Authorizer | undefined;
  readonly #parts: AuthorizedEngineParts;

  constructor(parts: AuthorizedEngineParts) {
    this.supergraph = parts.supergraph;
    this.apiSchema = parts.inner.apiSchema;
    this.warmth = parts.inner.warmth;
    this.authorizer = parts.authorizer;
    this.authorizerOf = parts.authorizerOf;
    this.#parts = parts;
  }

  async execute(request: OperationRequest): Promise<ExecutionResult> {
    const { inner } = this.#parts;
    const authorization = await this.authorizer?.authorize({ ...request, spend: this.#spendOf(request) });
    if (authorization === undefined) return inner.execute(request);
    request.onGuarded?.();
    if (authorization.kind === 'untouched') return inner.execute({ ...request, isGuarded: true });
    if (authorization.kind === 'ended') {
      this.#log(request, authorization.errors);
      return { errors: refusing(authorization.errors) };
    }
    const { permitted, shape, errors } = authorization;
    const result = withoutHidden(await inner.execute(withPermitted(request, permitted, shape)), permitted);
    this.#log(request, errors);
    const { rejectsUnauthorized, isDryRun } = this.#parts.settings;
    // a rule that reads the parent denied it after the fetch
    if (rejectsUnauthorized && !isDryRun && errors.length > 0) return { errors: refusing(errors) };
    return this.#reported(result, errors);
  }

  #spendOf(request: OperationRequest): SpendPoints | undefined {
    const { inner, settings } = this.#parts;
    return inner.costs && settings.partBudgets?.spend({ ...request, schema: inner.costs });
  }

  plan(document: DocumentNode, operationName: string | undefined): Promise<string> {
    return this.#parts.inner.plan(document, operationName);
  }

  async close(): Promise<void> {
    this.#parts.onClose();
    await this.#parts.inner.close();
  }

  #reported(result: ExecutionResult, denied: readonly GraphQLError[]): ExecutionResult {
    if (denied.length === 0) return result;
    switch (this.#parts.settings.errorsIn) {
      case 'errors':
        return { ...result, errors: [...denied, ...(result.errors ?? [])] };
      case 'extensions': {
        const authorizationErrors = denied.map((error) => error.toJSON());
        return { ...result, extensions: { ...result.extensions, authorizationErrors } };
      }
      case 'disabled':
        return result;
      default:
        return this.#parts.settings.errorsIn satisfies never;
    }
  }

  #log({ client, operationName }: OperationRequest, denied: readonly GraphQLError[]): void {
    const { logsDenials, isDryRun, log } = this.#parts.settings;
    if (!logsDenials || denied.length === 0) return;
    const paths = denied.map(({ path }) => `/${(path ?? []).join('/')}`);
    const { requestId, principal } = client;
    log.info(
      { requestId, operationName, principal: principal.id, paths },
      isDryRun ? 'would be denied' : 'denied',
    );
  }
}

/** What the engine inside executes, and by what it shapes the answer. */
function withPermitted(
  request: OperationRequest,
  { document, operation, source, sourceHash }: AuthorizedOperation['permitted'],
  shape: AuthorizedOperation['shape'],
): OperationRequest {
  const isWhole =
    document === request.document && shape.introspected === undefined && shape.cut === undefined;
  return isWhole
    ? { ...request, isGuarded: true }
    : { ...request, document, operation, source, sourceHash, shape, isGuarded: true };
}

/** An error of a field that only a rule reads is one of the object that it is read of. */
function withoutHidden(
  result: ExecutionResult,
  { asksParents, hiddenPrefix }: AuthorizedOperation['permitted'],
): ExecutionResult {
  if (!asksParents || result.errors === undefined) return result;
  const errors = result.errors.map((error) => {
    const at = error.path?.findIndex((key) => typeof key === 'string' && key.startsWith(hiddenPrefix)) ?? -1;
    if (at === -1) return error;
    const { message, extensions } = error;
    return new GraphQLError(message, { path: error.path?.slice(0, at), originalError: error, extensions });
  });
  return { ...result, errors };
}

/** Source: RFC 9110, 15.5.4: the request was understood, and is refused. */
function refusing(errors: readonly GraphQLError[]): GraphQLError[] {
  return errors.map(
    ({ message, path, extensions }) =>
      new GraphQLError(message, { path, extensions: { ...extensions, http: { status: 403 } } }),
  );
}

/** A later version of a specification may mean something else than what is enforced here. */
function refuseUnknownSecurity(document: DocumentNode): void {
  const unknown = unknownSecurityOf(document, ['inaccessible', 'context']);
  if (unknown.length === 0) return;
  throw new GatewayError('SUPERGRAPH_INVALID', {
    message: `The supergraph uses ${unknown.join(', ')} for security in a form that this gateway does not enforce; it is not served unprotected.`,
  });
}
