import { GatewayError } from '../errors.ts';
import type {
  EntityFetchNode,
  EntityLookup,
  FetchPath,
  PlanNode,
  QueryPlan,
  RequiresSelection,
  Rewrite,
  RewriteStep,
  RootFetchNode,
} from './queryPlan.ts';

/**
 * Reads the JSON of a planner into the normal form.
 *
 * `@graphql-hive/router-query-planner` has its types in the package's `dist/index.d.ts`; what it really writes was seen by
 * planning: a rewrite comes as `{ ValueSetter: … }` or as `{ kind: 'ValueSetter', … }`, absent parts are left out or `null`.
 * `@apollo/query-planner` (`QueryPlan.d.ts`) has the same nodes, with paths as plain texts: `@`, `products`, `... on Product`.
 *
 * @throws GatewayError OPERATION_NOT_SUPPORTED for subscriptions and `@defer`
 */
export function readPlan(json: unknown): QueryPlan {
  const { node } = json as { node?: Json | null };
  const root = node ? readNode(node) : undefined;
  return { root, fetchCount: root === undefined ? 0 : countFetches(root) };
}

type Json = Readonly<Record<string, unknown>>;

function readNode(node: Json): PlanNode | undefined {
  switch (node.kind) {
    case 'Sequence':
    case 'Parallel': {
      const nodes = list(node.nodes).flatMap((child) => readNode(child) ?? []);
      if (nodes.length <= 1) return nodes[0];
      return { kind: node.kind === 'Sequence' ? 'sequence' : 'parallel', nodes };
    }
    case 'Condition':
      return {
        kind: 'condition',
        variable: text(node.condition),
        ifTrue: node.ifClause ? readNode(node.ifClause as Json) : undefined,
        ifFalse: node.elseClause ? readNode(node.elseClause as Json) : undefined,
      };
    case 'Fetch':
      return readRootFetch(node, []);
    case 'BatchFetch':
      return readBatchFetch(node);
    case 'Flatten':
      return readFlatten(node);
    case 'Subscription':
      throw new GatewayError('SUBSCRIPTION_NOT_SUPPORTED');
    case 'Defer':
      throw new GatewayError('OPERATION_NOT_SUPPORTED', { message: '`@defer` is not served yet.' });
    default:
      throw new Error(`The planner gave a node of an unknown kind: ${String(node.kind)}`);
  }
}

function readFetch(node: Json): { subgraph: string; operation: string; variables: readonly string[] } {
  return {
    subgraph: text(node.serviceName),
    operation: text(node.operation),
    variables: ((node.variableUsages ?? []) as readonly string[]).slice(),
  };
}

function readRootFetch(node: Json, path: FetchPath): RootFetchNode {
  if (node.operationKind === 'subscription') throw new GatewayError('SUBSCRIPTION_NOT_SUPPORTED');
  return {
    kind: 'root',
    ...readFetch(node),
    operationKind: node.operationKind === 'mutation' ? 'mutation' : 'query',
    path,
    outputRewrites: list(node.outputRewrites).map(readRewrite),
  };
}

/** A flatten node around a fetch is an entity fetch with one lookup. */
function readFlatten(node: Json): PlanNode | undefined {
  const inner = node.node as Json;
  if (inner.kind === 'Condition') {
    const around = (clause: unknown): PlanNode | undefined =>
      clause ? readFlatten({ ...node, node: clause as Json }) : undefined;
    return {
      kind: 'condition',
      variable: text(inner.condition),
      ifTrue: around(inner.ifClause),
      ifFalse: around(inner.elseClause),
    };
  }
  if (inner.kind === 'Sequence' || inner.kind === 'Parallel') {
    const nodes = list(inner.nodes).flatMap((child) => readFlatten({ ...node, node: child }) ?? []);
    return nodes.length <= 1
      ? nodes[0]
      : { kind: inner.kind === 'Sequence' ? 'sequence' : 'parallel', nodes };
  }
  if (inner.kind !== 'Fetch') throw new Error(`The planner flattens a node of kind ${String(inner.kind)}.`);
  // a fetch that requires nothing asks for root fields: the flattened field is of the root type
  if (list(inner.requires).length === 0) return readRootFetch(inner, readPath(node.path));
  return {
    kind: 'entities',
    ...readFetch(inner),
    lookups: [
      readLookup(inner, {
        responseKey: '_entities',
        variable: 'representations',
        paths: [readPath(node.path)],
      }),
    ],
  };
}

function readBatchFetch(node: Json): EntityFetchNode {
  const { aliases } = node.entityBatch as { aliases: readonly Json[] };
  return {
    kind: 'entities',
    ...readFetch(node),
    lookups: aliases.map((alias) =>
      readLookup(alias, {
        responseKey: text(alias.alias),
        variable: text(alias.representationsVariableName),
        paths: (alias.paths as readonly unknown[]).map(readPath),
      }),
    ),
  };
}

function readLookup(
  node: Json,
  place: Pick<EntityLookup, 'responseKey' | 'variable' | 'paths'>,
): EntityLookup {
  return {
    ...place,
    requires: list(node.requires).map(readRequires),
    inputRewrites: list(node.inputRewrites).map(readRewrite),
    outputRewrites: list(node.outputRewrites).map(readRewrite),
  };
}

function readPath(path: unknown): FetchPath {
  return (path as readonly (string | { Field?: string; TypeCondition?: readonly string[] })[]).map((step) => {
    if (step === '@') return { kind: 'elements' };
    if (typeof step === 'string') return { kind: 'field', name: step };
    if (typeof step === 'object' && step.Field !== undefined) return { kind: 'field', name: step.Field };
    if (typeof step === 'object' && step.TypeCondition !== undefined) {
      return { kind: 'types', types: step.TypeCondition };
    }
    throw new Error(`The planner gave an unknown step of a path: ${JSON.stringify(step)}`);
  });
}

function readRequires(selection: Json): RequiresSelection {
  const selections = list(selection.selections).map(readRequires);
  if (selection.kind === 'Field') {
    // the planner has it the other way round: `name` is the key in the data, `alias` the name that is sent
    const key = text(selection.name);
    return {
      kind: 'field',
      name: typeof selection.alias === 'string' ? selection.alias : key,
      key,
      selections,
    };
  }
  if (selection.kind === 'InlineFragment') {
    const type = typeof selection.typeCondition === 'string' ? selection.typeCondition : undefined;
    return { kind: 'fragment', type, selections };
  }
  throw new Error(`The planner requires a selection of kind ${String(selection.kind)}.`);
}

function readRewrite(rewrite: Json): Rewrite {
  const setter = (rewrite.ValueSetter ?? (rewrite.kind === 'ValueSetter' ? rewrite : undefined)) as
    | Json
    | undefined;
  if (setter !== undefined) {
    return { kind: 'setValue', path: list(setter.path).map(readRewriteStep), value: text(setter.setValueTo) };
  }
  const renamer = (rewrite.KeyRenamer ?? (rewrite.kind === 'KeyRenamer' ? rewrite : undefined)) as
    | Json
    | undefined;
  if (renamer !== undefined) {
    return {
      kind: 'renameKey',
      path: list(renamer.path).map(readRewriteStep),
      name: text(renamer.renameKeyTo),
    };
  }
  throw new Error(`The planner gave an unknown rewrite: ${JSON.stringify(rewrite)}`);
}

function readRewriteStep(step: Json | string): RewriteStep {
  if (typeof step === 'string') {
    const type = /^\.\.\. on (\w+)$/.exec(step)?.[1];
    return type === undefined ? { kind: 'key', name: step } : { kind: 'types', types: [type] };
  }
  if (typeof step.Key === 'string') return { kind: 'key', name: step.Key };
  return { kind: 'types', types: step.TypenameEquals as readonly string[] };
}

function countFetches(node: PlanNode): number {
  switch (node.kind) {
    case 'root':
    case 'entities':
      return 1;
    case 'sequence':
    case 'parallel':
      return node.nodes.reduce((count, child) => count + countFetches(child), 0);
    case 'condition':
      return Math.max(...[node.ifTrue, node.ifFalse].map((child) => (child ? countFetches(child) : 0)));
    default:
      return node satisfies never;
  }
}

function list(value: unknown): readonly Json[] {
  return (value ?? []) as readonly Json[];
}

function text(value: unknown): string {
  if (typeof value !== 'string')
    throw new Error(`The planner gave ${JSON.stringify(value)} where a text stands.`);
  return value;
}
