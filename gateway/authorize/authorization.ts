import type { DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { ClientRequest } from '../http/clientRequest.ts';
import type { Permitted } from './guardedOperation.ts';
import type { EvaluatePolicies } from './permissions.ts';
import type { ResponseShape } from './responseShape.ts';
import type { SpendPoints } from './ruleContext.ts';
import type { RuleTable } from './ruleTable.ts';
import type { ShieldOptions } from './shieldTypes.ts';

/** An operation to authorize: parsed, and valid against the API schema. */
export interface AuthorizationRequest {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly operationName: string | undefined;
  /** Variables as the schema has them, defaults filled in. */
  readonly coerced: Readonly<Record<string, unknown>>;
  readonly client: ClientRequest;
  readonly spend?: SpendPoints | undefined;
}

/** What authorization makes of a request. */
export type Authorization =
  /** Nothing of it is guarded. */
  | { readonly kind: 'untouched' }
  /** It ends here, with no data. */
  | { readonly kind: 'ended'; readonly errors: readonly GraphQLError[] }
  | AuthorizedOperation;

export interface AuthorizedOperation {
  readonly kind: 'authorized';
  /** What is executed in place of the client's operation. */
  readonly permitted: Permitted;
  readonly shape: ResponseShape;
  /** The places that are denied; `shape.cut` adds to them. */
  readonly errors: readonly GraphQLError[];
}

export interface AuthorizerOptions {
  /** The API schema. */
  readonly schema: GraphQLSchema;
  readonly table: RuleTable;
  /** Of the shield tree. */
  readonly shieldOptions: ShieldOptions;
  readonly evaluatePolicies: EvaluatePolicies | undefined;
  readonly ruleTimeoutMs: number;
  /** Whether a request that is denied anything is refused as a whole. */
  readonly rejectsUnauthorized: boolean;
  /** Whether nothing is denied, and what would be is only told. */
  readonly isDryRun: boolean;
  /** Whether introspection shows only what the principal may ask. */
  readonly filtersIntrospection: boolean;
  /** Called when a rule or the evaluator of policies fails; nothing of it reaches the client. */
  readonly onFault: (message: string, cause: unknown, client: ClientRequest) => void;
}
