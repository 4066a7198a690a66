import {
  type ConstArgumentNode,
  type ConstDirectiveNode,
  type ConstValueNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  Kind,
  parse,
  type SelectionSetNode,
  type TypeDefinitionNode,
  type TypeNode,
} from 'graphql';
import { GatewayError } from '../../errors.ts';
import type { Link } from '../../supergraph/links.ts';

/** `@listSize` of a field. Source: https://specs.apollo.dev/cost/v0.1; IBM cost specification, §3.2. */
export interface ListSize {
  readonly assumedSize: number | undefined;
  /** Paths of arguments: `['input', 'pagination', 'first']`. */
  readonly slicingArguments: readonly (readonly string[])[];
  /** Paths of the lists below that have this size: `['results', 'page']`. */
  readonly sizedFields: readonly (readonly string[])[];
  readonly requiresOneSlicingArgument: boolean;
}

/** An argument or an input field. */
export interface InputCost {
  readonly typeName: string;
  readonly isList: boolean;
  readonly weight: number | undefined;
  readonly defaultValue: ConstValueNode | undefined;
}

export interface FieldCost {
  readonly typeName: string;
  readonly isList: boolean;
  readonly weight: number | undefined;
  readonly listSizes: readonly ListSize[];
  readonly arguments: ReadonlyMap<string, InputCost>;
  /** What `@requires` reads of the parent, which a request without a query plan does not show. */
  readonly requires: readonly SelectionSetNode[];
}

export interface TypeCost {
  readonly kind: 'object' | 'interface' | 'union' | 'scalar' | 'enum' | 'input';
  /** What one value of the type costs: `@cost`, or the default of its kind. Of an interface or union, its dearest type's. */
  readonly weight: number;
  readonly fields: ReadonlyMap<string, FieldCost>;
  readonly inputFields: ReadonlyMap<string, InputCost>;
}

/** What the supergraph says of costs: `@cost`, `@listSize` and `@requires`, by type and field. */
export interface CostSchema {
  readonly types: ReadonlyMap<string, TypeCost>;
  /** Object types by the interfaces and unions that they belong to. */
  readonly possibleTypes: ReadonlyMap<string, ReadonlySet<string>>;
  readonly rootTypes: Readonly<Record<'query' | 'mutation' | 'subscription', string>>;
}

/**
 * Reads the costs of a supergraph, under whatever names its subgraphs imported the directives.
 *
 * What an interface or union, or a field of an interface, does not say itself it takes from the dearest of its object
 * types: otherwise a client would choose the way that is cheap. Apollo Router counts 1 and 0 there.
 *
 * @param links what the supergraph links
 * @throws GatewayError SUPERGRAPH_INVALID when an entry of `sizedFields` names more than one list
 */
export function costSchemaOf(supergraph: DocumentNode, links: readonly Link[]): CostSchema {
  const names = directiveNames(links);
  const definitions = supergraph.definitions.filter(isTypeDefinition);
  const possible = possibleTypesOf(definitions);
  const written = new Map<string, WrittenType>();
  for (const definition of definitions) {
    written.set(definition.name.value, writtenTypeOf(definition, names));
  }
  const types = new Map<string, TypeCost>();
  for (const [name, type] of written) {
    const objects = [...(possible.get(name) ?? [])].flatMap((object) => written.get(object) ?? []);
    types.set(name, withCostsOfObjects(type, objects));
  }
  return { types, possibleTypes: possible, rootTypes: rootTypesOf(supergraph) };
}

/** A type as its definition has it: the weight is what `@cost` says. */
type WrittenType = Omit<TypeCost, 'weight'> & { readonly weight: number | undefined };

interface DirectiveNames {
  readonly cost: ReadonlySet<string>;
  readonly listSize: ReadonlySet<string>;
  readonly joinField: ReadonlySet<string>;
}

/** Source: link specification v1.0: a directive has the name it is imported by, else that of its feature before it. */
function directiveNames(links: readonly Link[]): DirectiveNames {
  const cost = new Set<string>();
  const listSize = new Set<string>();
  const joinField = new Set(['join__field']);
  for (const { specification, as, imports } of links) {
    if (specification === 'join' && as !== undefined) joinField.add(`${as}__field`);
    if (specification !== 'cost') continue;
    cost.add(as ?? specification);
    listSize.add(`${as ?? specification}__listSize`);
    for (const imported of imports) {
      const name = imported.as.replace(/^@/, '');
      if (imported.name === '@cost') cost.add(name);
      if (imported.name === '@listSize') listSize.add(name);
    }
  }
  return { cost, listSize, joinField };
}

function isTypeDefinition(definition: { readonly kind: string }): definition is TypeDefinitionNode {
  return /TypeDefinition$/.test(definition.kind);
}

/** Object types by the interfaces and unions that they belong to. */
function possibleTypesOf(
  definitions: readonly TypeDefinitionNode[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const possible = new Map<string, Set<string>>();
  const add = (abstract: string, object: string): void => {
    const objects = possible.get(abstract);
    if (objects === undefined) possible.set(abstract, new Set([object]));
    else objects.add(object);
  };
  for (const definition of definitions) {
    if (definition.kind === Kind.OBJECT_TYPE_DEFINITION) {
      for (const { name } of definition.interfaces ?? []) add(name.value, definition.name.value);
    }
    if (definition.kind === Kind.UNION_TYPE_DEFINITION) {
      for (const { name } of definition.types ?? []) add(definition.name.value, name.value);
    }
  }
  return possible;
}

const KINDS = {
  [Kind.OBJECT_TYPE_DEFINITION]: 'object',
  [Kind.INTERFACE_TYPE_DEFINITION]: 'interface',
  [Kind.UNION_TYPE_DEFINITION]: 'union',
  [Kind.SCALAR_TYPE_DEFINITION]: 'scalar',
  [Kind.ENUM_TYPE_DEFINITION]: 'enum',
  [Kind.INPUT_OBJECT_TYPE_DEFINITION]: 'input',
} as const;

function writtenTypeOf(definition: TypeDefinitionNode, names: DirectiveNames): WrittenType {
  const fields = new Map<string, FieldCost>();
  const inputFields = new Map<string, InputCost>();
  if (definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION) {
    for (const field of definition.fields ?? []) {
      fields.set(field.name.value, fieldCostOf(field, names, `${definition.name.value}.${field.name.value}`));
    }
  }
  if (definition.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) {
    for (const field of definition.fields ?? []) inputFields.set(field.name.value, inputCostOf(field, names));
  }
  return {
    kind: KINDS[definition.kind],
    weight: weightOf(definition.directives, names),
    fields,
    inputFields,
  };
}

function withCostsOfObjects(type: WrittenType, objects: readonly WrittenType[]): TypeCost {
  const isComposite = type.kind === 'object' || type.kind === 'interface' || type.kind === 'union';
  const own = type.weight ?? max(objects.map(({ weight }) => weight ?? 1)) ?? (isComposite ? 1 : 0);
  if (type.kind !== 'interface') return { ...type, weight: own };
  const fields = new Map(
    Array.from(type.fields, ([name, field]): [string, FieldCost] => {
      const same = objects.flatMap((object) => object.fields.get(name) ?? []);
      const weight = field.weight ?? max(same.flatMap((each) => each.weight ?? []));
      const listSizes = field.listSizes.length > 0 ? field.listSizes : same.flatMap((each) => each.listSizes);
      return [name, { ...field, weight, listSizes }];
    }),
  );
  return { ...type, weight: own, fields };
}

function fieldCostOf(field: FieldDefinitionNode, names: DirectiveNames, coordinate: string): FieldCost {
  const directives = field.directives ?? [];
  return {
    ...typeOf(field.type),
    weight: weightOf(directives, names),
    listSizes: directives
      .filter(({ name }) => names.listSize.has(name.value))
      .map((directive) => listSizeOf(directive, coordinate)),
    arguments: new Map((field.arguments ?? []).map((each) => [each.name.value, inputCostOf(each, names)])),
    requires: directives
      .filter(({ name }) => names.joinField.has(name.value))
      .flatMap((directive) => selectionOf(argumentOf(directive, 'requires')) ?? []),
  };
}

function inputCostOf(input: InputValueDefinitionNode, names: DirectiveNames): InputCost {
  return {
    ...typeOf(input.type),
    weight: weightOf(input.directives, names),
    defaultValue: input.defaultValue,
  };
}

function typeOf(type: TypeNode): { typeName: string; isList: boolean } {
  let isList = false;
  let inner = type;
  while (inner.kind !== Kind.NAMED_TYPE) {
    isList ||= inner.kind === Kind.LIST_TYPE;
    inner = inner.type;
  }
  return { typeName: inner.name.value, isList };
}

function weightOf(
  directives: readonly ConstDirectiveNode[] | undefined,
  names: DirectiveNames,
): number | undefined {
  const weights = (directives ?? [])
    .filter(({ name }) => names.cost.has(name.value))
    .flatMap((directive) => integerOf(argumentOf(directive, 'weight')) ?? []);
  return max(weights);
}

function listSizeOf(directive: ConstDirectiveNode, coordinate: string): ListSize {
  const requiresOne = argumentOf(directive, 'requireOneSlicingArgument');
  return {
    assumedSize: integerOf(argumentOf(directive, 'assumedSize')),
    slicingArguments: textsOf(argumentOf(directive, 'slicingArguments')).map((path) => path.split('.')),
    sizedFields: textsOf(argumentOf(directive, 'sizedFields')).map((entry) =>
      pathOfSizedField(entry, coordinate),
    ),
    requiresOneSlicingArgument: !(requiresOne?.kind === Kind.BOOLEAN && !requiresOne.value),
  };
}

/** `results { page }` → `['results', 'page']`. */
function pathOfSizedField(entry: string, coordinate: string): readonly string[] {
  const path: string[] = [];
  let set = selectionOf({ kind: Kind.STRING, value: entry });
  while (set !== undefined) {
    const [selection, ...others] = set.selections;
    if (selection?.kind !== Kind.FIELD || others.length > 0) {
      throw new GatewayError('SUPERGRAPH_INVALID', {
        message: `"${entry}" in sizedFields of @listSize on ${coordinate} must specify at most one list field per path.`,
      });
    }
    path.push(selection.name.value);
    set = selection.selectionSet;
  }
  return path;
}

function argumentOf(directive: ConstDirectiveNode, name: string): ConstValueNode | undefined {
  return directive.arguments?.find((argument: ConstArgumentNode) => argument.name.value === name)?.value;
}

function integerOf(value: ConstValueNode | undefined): number | undefined {
  return value?.kind === Kind.INT ? Number(value.value) : undefined;
}

function textsOf(value: ConstValueNode | undefined): readonly string[] {
  if (value?.kind === Kind.STRING) return [value.value];
  return value?.kind === Kind.LIST
    ? value.values.flatMap((item) => (item.kind === Kind.STRING ? [item.value] : []))
    : [];
}

/** A field set as a selection set; `undefined` where there is none. Source: Federation specification, `FieldSet`. */
function selectionOf(value: ConstValueNode | undefined): SelectionSetNode | undefined {
  if (value?.kind !== Kind.STRING || value.value.trim() === '') return undefined;
  const [definition] = parse(`{ ${value.value} }`, { noLocation: true }).definitions;
  return definition?.kind === Kind.OPERATION_DEFINITION ? definition.selectionSet : undefined;
}

function rootTypesOf(supergraph: DocumentNode): CostSchema['rootTypes'] {
  const rootTypes = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' };
  for (const definition of supergraph.definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION) continue;
    for (const { operation, type } of definition.operationTypes) rootTypes[operation] = type.name.value;
  }
  return rootTypes;
}

function max(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.max(...values);
}
