/**
 * A federated graph as plain JSON: what the SDL of every subgraph is printed from, and what the data is computed from.
 * Being JSON it can be stored with a failing case, and shrunk part by part.
 */
export interface GraphModel {
  /** `s0`, `s1`, … */
  readonly subgraphs: readonly string[];
  readonly enums: readonly EnumModel[];
  readonly inputs: readonly InputModel[];
  readonly scalars: readonly string[];
  readonly types: readonly CompositeModel[];
}

export interface EnumModel {
  readonly name: string;
  readonly values: readonly string[];
}

export interface InputModel {
  readonly name: string;
  readonly fields: readonly ArgumentModel[];
}

/** Of a field or of an input object. */
export interface ArgumentModel {
  readonly name: string;
  /** As in SDL: `[In0!]`. */
  readonly type: string;
  /** As in SDL. */
  readonly default?: string;
}

export interface FieldModel {
  readonly name: string;
  /** As in SDL, in the API schema. */
  readonly type: string;
  readonly args: readonly ArgumentModel[];
  /** Subgraphs that resolve the field; several: `@shareable`. Empty for fields of value types: wherever the type is. */
  readonly owners: readonly string[];
  /** Subgraph whose field the owner overrides: it answers with a wrong value. */
  readonly staleIn?: string;
  /** Selection of sibling fields that the owner is given, and that the value depends on. */
  readonly requires?: string;
  /** Selection on the returned entity that a subgraph answers, though another one owns it. */
  readonly provides?: { readonly subgraph: string; readonly selection: string };
  /** Some subgraph provides it, so its owners are not alone. */
  readonly provided?: boolean;
  readonly inaccessible?: boolean;
  /** Subgraphs that promise non-null though the API schema does not. Such a field is never null and never fails. */
  readonly nonNullIn?: readonly string[];
  /** Input of a key or of `@requires`: it never fails, and is null only where the type allows it. */
  readonly safe?: boolean;
  /** Key field: the value names the entity. */
  readonly key?: 'whole' | 'high' | 'low';
  /** Of an abstract type: the object types that every owner knows as its members. */
  readonly possible?: readonly string[];
}

export interface RootModel {
  readonly kind: 'root';
  readonly name: 'Query' | 'Mutation';
  readonly fields: readonly FieldModel[];
}

export interface EntityModel {
  readonly kind: 'entity';
  readonly name: string;
  /** Keys by subgraph; a subgraph without an entry that refers to the type gets a stub with the first key. */
  readonly keys: Readonly<Record<string, readonly string[]>>;
  readonly fields: readonly FieldModel[];
}

/** An object type without key, in every subgraph that refers to it. */
export interface ValueModel {
  readonly kind: 'value';
  readonly name: string;
  readonly fields: readonly FieldModel[];
  /** Fields that only some subgraphs have; the others cannot answer them. */
  readonly missing?: Readonly<Record<string, readonly string[]>>;
}

export interface InterfaceModel {
  readonly kind: 'interface';
  readonly name: string;
  readonly members: readonly string[];
  /** Names of fields that every member has with one signature. */
  readonly fieldNames: readonly string[];
  /** Subgraphs with the interface, and the members they know. */
  readonly subgraphs: Readonly<Record<string, readonly string[]>>;
  /** The interface is an entity: `@key(fields: "id")` where it is an interface, `@interfaceObject` in the guests. */
  readonly object?: { readonly guests: readonly string[]; readonly fields: readonly FieldModel[] };
}

export interface UnionModel {
  readonly kind: 'union';
  readonly name: string;
  /** Members by subgraph. */
  readonly subgraphs: Readonly<Record<string, readonly string[]>>;
}

export type CompositeModel = RootModel | EntityModel | ValueModel | InterfaceModel | UnionModel;

/** `T0` of `[T0!]!`. */
export function namedType(type: string): string {
  return type.replace(/[[\]!]/g, '');
}

export function typeOf(model: GraphModel, name: string): CompositeModel | undefined {
  return model.types.find((type) => type.name === name);
}

export function isInterface(type: CompositeModel): type is InterfaceModel {
  return type.kind === 'interface';
}

/** The interface that an object type is hidden behind in a subgraph, by `@interfaceObject`. */
export function interfaceObjectOf(
  model: GraphModel,
  typeName: string,
  subgraph: string,
): InterfaceModel | undefined {
  return model.types
    .filter(isInterface)
    .find(({ object, members }) => object?.guests.includes(subgraph) && members.includes(typeName));
}

/** A field with the type that its values are computed for: an interface's, if the field came by `@interfaceObject`. */
export interface LocatedField {
  readonly owner: string;
  readonly field: FieldModel;
}

/** Finds a field of an object type, of a root type, or of an interface object. */
export function fieldOf(model: GraphModel, typeName: string, fieldName: string): LocatedField | undefined {
  const type = typeOf(model, typeName);
  if (type === undefined || type.kind === 'union') return undefined;
  const own = (type.kind === 'interface' ? type.object?.fields : type.fields)?.find(
    ({ name }) => name === fieldName,
  );
  if (own !== undefined) return { owner: typeName, field: own };
  for (const { name, members, object } of model.types.filter(isInterface)) {
    if (object === undefined || !members.includes(typeName)) continue;
    const field = object.fields.find((candidate) => candidate.name === fieldName);
    if (field !== undefined) return { owner: name, field };
  }
  return undefined;
}
