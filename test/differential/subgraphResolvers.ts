import { type GraphQLFieldResolver, type GraphQLTypeResolver, Kind, type SelectionSetNode } from 'graphql';
import { Entity, type GraphData, selectionOf, stableText } from './graphData.ts';
import { fieldOf, type GraphModel, interfaceObjectOf, type LocatedField, typeOf } from './graphModel.ts';

/** What the resolvers of one request are given. */
export interface SubgraphContext {
  readonly data: GraphData;
  readonly subgraph: string;
}

/** An object as a subgraph sees it. */
interface LocalObject {
  /** The name that the subgraph knows its type by: an interface's, where it is an interface object. */
  readonly __typename: string;
  readonly entity: Entity;
  /** What the field that led here promised to provide. */
  readonly provided?: SelectionSetNode | undefined;
  /** What `_entities` was given. */
  readonly representation?: Readonly<Record<string, unknown>>;
}

/**
 * Resolves every field of every subgraph. What a subgraph may not be asked for is an error, and a field that was
 * overridden answers with a wrong value, so that a wrong plan is seen in the answer.
 */
export const subgraphFieldResolver: GraphQLFieldResolver<unknown, SubgraphContext> = (
  parent,
  args,
  { data, subgraph },
  info,
) => {
  const { parentType, fieldName } = info;
  const isRoot = parentType === info.schema.getQueryType() || parentType === info.schema.getMutationType();
  const object = isRoot ? rootObject(parentType.name) : (parent as LocalObject);
  const located = fieldOf(data.model, isRoot ? parentType.name : object.entity.typeName, fieldName);
  if (located === undefined) throw new Error(`No field ${parentType.name}.${fieldName}`);
  const { field } = located;
  const provided = isRoot || field.owners.length === 0 ? undefined : providedIn(object.provided, fieldName);
  checkOwner({ located, subgraph, isProvided: provided !== undefined, data });
  if (field.staleIn === subgraph)
    return new Error(`${fieldName} was asked of ${subgraph}, which it was taken from`);
  const inputs =
    field.requires === undefined ? undefined : inputsOf(field.requires, object, { data, subgraph });
  const value = data.value(located, object.entity, args, inputs);
  const selection =
    field.provides?.subgraph === subgraph ? selectionOf(field.provides.selection) : provided?.selectionSet;
  return toLocal(value, data.model, { subgraph, provided: selection });
};

export const subgraphTypeResolver: GraphQLTypeResolver<unknown, SubgraphContext> = (value) =>
  (value as LocalObject).__typename;

type ReferenceResolver = (representation: Record<string, unknown>, context: SubgraphContext) => unknown;

/** `__resolveReference` for every entity of a subgraph: it looks the entity up by any of its keys. */
export function referenceResolvers(
  model: GraphModel,
  subgraph: string,
): Record<string, Record<string, unknown>> {
  const resolvers: Record<string, Record<string, unknown>> = {};
  for (const type of model.types) {
    if (type.kind === 'entity' && subgraph in type.keys) {
      resolvers[type.name] = { __resolveReference: lookUp([type.name], type.keys[subgraph] ?? []) };
    }
    if (type.kind !== 'interface' || type.object === undefined) continue;
    const __resolveReference = lookUp(type.members, ['id']);
    if (type.object.guests.includes(subgraph)) resolvers[type.name] = { __resolveReference };
    else if (subgraph in type.subgraphs) {
      resolvers[type.name] = {
        __resolveReference,
        __resolveType: (value: LocalObject) => value.__typename,
      };
    }
  }
  return resolvers;
}

function lookUp(typeNames: readonly string[], keys: readonly string[]): ReferenceResolver {
  return (representation, { data, subgraph }) => {
    const usable = keys.filter((key) =>
      selectionOf(key).selections.every(
        (node) => node.kind === Kind.FIELD && node.name.value in representation,
      ),
    );
    if (usable.length === 0) throw new Error(`No key in ${JSON.stringify(representation)}`);
    const found = typeNames
      .flatMap((name) => data.entities(name))
      .find((entity) => usable.every((key) => hasKey(data, entity, { key, representation })));
    if (found === undefined) throw new Error(`Nothing is named by ${JSON.stringify(representation)}`);
    const __typename = interfaceObjectOf(data.model, found.typeName, subgraph)?.name ?? found.typeName;
    return { __typename, entity: found, representation } satisfies LocalObject;
  };
}

function hasKey(
  data: GraphData,
  entity: Entity,
  { key, representation }: { readonly key: string; readonly representation: Record<string, unknown> },
): boolean {
  const selection = selectionOf(key);
  return stableText(data.requiredInputs(entity, selection)) === stableText(pick(representation, selection));
}

/** The part of a representation that a selection names; what is missing stays missing. */
function pick(value: unknown, selection: SelectionSetNode): unknown {
  if (Array.isArray(value)) return value.map((item) => pick(item, selection));
  if (typeof value !== 'object' || value === null) return value;
  const picked: Record<string, unknown> = {};
  for (const node of selection.selections) {
    if (node.kind !== Kind.FIELD) continue;
    const item = (value as Record<string, unknown>)[node.name.value];
    picked[node.name.value] = node.selectionSet === undefined ? item : pick(item, node.selectionSet);
  }
  return picked;
}

/** What a field with `@requires` is given; what the subgraph provides by itself here need not be sent to it. */
function inputsOf(requires: string, object: LocalObject, { data, subgraph }: SubgraphContext): unknown {
  const selection = selectionOf(requires);
  if (object.representation !== undefined) return pick(object.representation, selection);
  const isProvided = selection.selections.every(
    (node) =>
      node.kind === Kind.FIELD &&
      node.selectionSet === undefined &&
      providedIn(object.provided, node.name.value) !== undefined,
  );
  if (isProvided) return data.requiredInputs(object.entity, selection);
  throw new Error(`${subgraph} was not given { ${requires} }`);
}

function rootObject(name: string): LocalObject {
  return { __typename: name, entity: new Entity(name, name) };
}

function providedIn(selection: SelectionSetNode | undefined, fieldName: string) {
  for (const node of selection?.selections ?? []) {
    if (node.kind === Kind.FIELD && node.name.value === fieldName) return node;
  }
  return undefined;
}

function checkOwner(check: {
  readonly located: LocatedField;
  readonly subgraph: string;
  readonly isProvided: boolean;
  readonly data: GraphData;
}): void {
  const { owner, field } = check.located;
  if (field.owners.length === 0 || field.owners.includes(check.subgraph) || field.key !== undefined) return;
  if (field.staleIn === check.subgraph || check.isProvided) return;
  if (typeOf(check.data.model, owner)?.kind === 'value') return;
  throw new Error(`${check.subgraph} was asked for ${owner}.${field.name}, which it does not resolve`);
}

function toLocal(
  value: unknown,
  model: GraphModel,
  place: { readonly subgraph: string; readonly provided: SelectionSetNode | undefined },
): unknown {
  if (Array.isArray(value)) return value.map((item) => toLocal(item, model, place));
  if (!(value instanceof Entity)) return value;
  const __typename = interfaceObjectOf(model, value.typeName, place.subgraph)?.name ?? value.typeName;
  return { __typename, entity: value, provided: place.provided } satisfies LocalObject;
}
