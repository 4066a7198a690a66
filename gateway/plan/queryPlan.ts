/**
 * A query plan in one normal form. The planner's own JSON (`readPlan.ts`) writes the same thing in several ways; nothing
 * but that file sees it.
 */
export interface QueryPlan {
  /** `undefined` when nothing has to be fetched. */
  readonly root: PlanNode | undefined;
  /** How many requests to subgraphs one execution makes at most: of a condition, the larger branch counts. */
  readonly fetchCount: number;
}

export type PlanNode = SequenceNode | ParallelNode | ConditionNode | RootFetchNode | EntityFetchNode;

/** A node that asks a subgraph. */
export type FetchNode = RootFetchNode | EntityFetchNode;

export interface SequenceNode {
  readonly kind: 'sequence';
  readonly nodes: readonly PlanNode[];
}

export interface ParallelNode {
  readonly kind: 'parallel';
  readonly nodes: readonly PlanNode[];
}

/** `@include`/`@skip` by a variable, where the planner could leave out whole fetches. */
export interface ConditionNode {
  readonly kind: 'condition';
  readonly variable: string;
  readonly ifTrue: PlanNode | undefined;
  readonly ifFalse: PlanNode | undefined;
}

interface Fetch {
  readonly subgraph: string;
  /** The operation's text, as the subgraph gets it. */
  readonly operation: string;
  /** The client's variables that it uses. */
  readonly variables: readonly string[];
}

/** Asks for root fields. */
export interface RootFetchNode extends Fetch {
  readonly kind: 'root';
  readonly operationKind: 'query' | 'mutation';
  /** Where the root fields are wanted: below a field whose type is the root type. Empty = at the root. */
  readonly path: FetchPath;
  readonly outputRewrites: readonly Rewrite[];
}

/** Asks for fields of entities, by one or several `_entities` in one request. */
export interface EntityFetchNode extends Fetch {
  readonly kind: 'entities';
  readonly lookups: readonly EntityLookup[];
}

/** One `_entities` field: which objects of the data it is for, and what is sent of them. */
export interface EntityLookup {
  /** Response key: `_entities`, or an alias where there are several. */
  readonly responseKey: string;
  /** The variable that holds the representations. */
  readonly variable: string;
  readonly paths: readonly FetchPath[];
  readonly requires: readonly RequiresSelection[];
  readonly inputRewrites: readonly Rewrite[];
  readonly outputRewrites: readonly Rewrite[];
}

/** From the root of the data to objects: fields, every element of a list, and objects of certain types only. */
export type FetchPath = readonly FetchPathStep[];
export type FetchPathStep =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'elements' }
  | { readonly kind: 'types'; readonly types: readonly string[] };

/** What is read of an object to make its representation. */
export type RequiresSelection =
  | {
      readonly kind: 'field';
      /** The field's name in the representation. */
      readonly name: string;
      /** Where its value is in the data: another name where the same field was asked for with several arguments. */
      readonly key: string;
      readonly selections: readonly RequiresSelection[];
    }
  | {
      readonly kind: 'fragment';
      readonly type: string | undefined;
      readonly selections: readonly RequiresSelection[];
    };

/** A change to a representation before it is sent, or to an entity after it came. */
export type Rewrite =
  | { readonly kind: 'setValue'; readonly path: readonly RewriteStep[]; readonly value: string }
  | { readonly kind: 'renameKey'; readonly path: readonly RewriteStep[]; readonly name: string };
export type RewriteStep =
  | { readonly kind: 'key'; readonly name: string }
  | { readonly kind: 'types'; readonly types: readonly string[] };
