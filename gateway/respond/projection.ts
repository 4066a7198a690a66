import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLAbstractType,
  GraphQLError,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNullableType,
  isAbstractType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { type DataObject, isDataObject, valueAt } from '../execute/data.ts';
import { dependsOnType } from '../operation/concreteType.ts';
import { conditionsOf } from '../operation/literalConditions.ts';
import type { PrivateAliases } from '../operation/privateAliases.ts';
import { type WriteLeaf, writeLeafOf } from './leafWriters.ts';

/** An object type, or an interface whose objects need not be told apart. */
type FieldsType = GraphQLObjectType | GraphQLInterfaceType;

export interface ProjectionOptions {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly aliases: PrivateAliases;
  /** Interfaces that some subgraph has as `@interfaceObject`. */
  readonly interfaceObjects: ReadonlySet<string>;
  /** Values of the variables that `@skip` and `@include` name; a projection is compiled for one set of them. */
  readonly conditions: ReadonlyMap<string, boolean>;
}

/** What the projection of one answer reads and adds to. */
export interface Projecting {
  readonly data: DataObject;
  readonly errors: GraphQLError[];
  /** Objects that lack fields whose absence an error already tells. */
  readonly failed: ReadonlySet<DataObject>;
  /** Answers of introspection fields, by response key. */
  readonly introspection: Readonly<Record<string, unknown>> | undefined;
}

/** Writes `data` of the response as JSON text. */
export type Project = (answer: Projecting) => string;

/**
 * JSON text of a value. `NULLED` is a `null` that an error tells of already, and that goes up to the nearest nullable place;
 * the text `null` is one without an error.
 * Source: GraphQL specification, §6.4.4 "Handling Execution Errors".
 */
type Written = string | typeof NULLED;
const NULLED = undefined;
type WriteValue = (value: unknown, at: Place) => Written;

/** Where the writer is: only errors read it. */
interface Place extends Projecting {
  /** Response keys and indexes from the root; one array for a whole answer, pushed to and popped from. */
  readonly path: (string | number)[];
  covered: Set<string> | undefined;
  /** Texts of lists that stand at several places: entities that were asked for once share what is below them. */
  readonly lists: Map<unknown, { readonly writer: WriteValue; readonly text: string }>;
}

interface ProjectedField {
  /** `"name":` */
  readonly label: string;
  readonly responseKey: string;
  readonly coordinate: string;
  readonly isNonNull: boolean;
  readonly read: (object: DataObject, at: Place) => unknown;
  readonly write: WriteValue;
  /** Set where the field is a leaf and no list: most fields are, and none of them needs a place of its own. */
  readonly leaf: WriteLeaf | undefined;
  /** Text that needs no data: `__typename` of an object type. */
  readonly fixed: string | undefined;
}

/**
 * Compiles an operation's selections to one function that walks the merged data once, in selection order, and writes the
 * response: aliases, merged fields, fragments, result coercion, and null propagation with one error a violation.
 */
export function compileProjection(options: ProjectionOptions): Project {
  const compiler = new Compiler(options);
  const { schema, operation } = options;
  const root = schema.getRootType(operation.operation);
  if (!isObjectType(root)) throw new Error(`The schema has no ${operation.operation} type.`);
  const write = compiler.object(root, [operation.selectionSet]);
  return (answer) => {
    const written = write(answer.data, { ...answer, path: [], covered: undefined, lists: new Map() });
    return written === NULLED ? 'null' : written;
  };
}

class Compiler {
  readonly #options: ProjectionOptions;

  constructor(options: ProjectionOptions) {
    this.#options = options;
  }

  /** Fields are compiled when the first object of the type comes: most types of an interface never do. */
  object(type: FieldsType, selectionSets: readonly SelectionSetNode[]): WriteValue {
    let fields: readonly ProjectedField[] | undefined;
    return (value, at) => {
      fields ??= this.#fields(type, selectionSets);
      return isDataObject(value)
        ? writeObject(value, fields, at)
        : fail(at, `Expected an object of ${type.name}.`);
    };
  }

  #fields(type: FieldsType, selectionSets: readonly SelectionSetNode[]): readonly ProjectedField[] {
    const grouped = new Map<string, FieldNode[]>();
    for (const selectionSet of selectionSets) this.#collect(type, selectionSet, grouped);
    return Array.from(grouped, ([responseKey, nodes]) => this.#field(type, responseKey, nodes));
  }

  /** Source: GraphQL specification, §6.3.2 `CollectFields`. */
  #collect(type: FieldsType, selectionSet: SelectionSetNode, grouped: Map<string, FieldNode[]>): void {
    const { schema, fragments, conditions } = this.#options;
    for (const selection of selectionSet.selections) {
      const { isLeftOut, variables } = conditionsOf(selection);
      if (isLeftOut || variables.some(({ name, value }) => conditions.get(name) !== value)) continue;
      if (selection.kind === Kind.FIELD) {
        const responseKey = selection.alias?.value ?? selection.name.value;
        grouped.set(responseKey, [...(grouped.get(responseKey) ?? []), selection]);
        continue;
      }
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
      if (fragment === undefined) continue;
      const condition = fragment.typeCondition && schema.getType(fragment.typeCondition.name.value);
      const isMatch =
        condition === undefined ||
        condition === type ||
        (isAbstractType(condition) && schema.isSubType(condition, type));
      if (isMatch) this.#collect(type, fragment.selectionSet, grouped);
    }
  }

  #field(type: FieldsType, responseKey: string, nodes: readonly FieldNode[]): ProjectedField {
    const name = nodes[0]?.name.value ?? '';
    const label = `${JSON.stringify(responseKey)}:`;
    const common = {
      label,
      responseKey,
      coordinate: `${type.name}.${name}`,
      isNonNull: true,
      leaf: undefined,
    };
    if (name === '__typename') {
      const fixed = JSON.stringify(type.name);
      return { ...common, fixed, read: () => type.name, write: () => fixed };
    }
    if (name.startsWith('__')) {
      const read = (_object: DataObject, at: Place): unknown => at.introspection?.[responseKey];
      return {
        ...common,
        isNonNull: false,
        fixed: undefined,
        read,
        write: (value) => JSON.stringify(value ?? null),
      };
    }
    const definition = type.getFields()[name];
    if (definition === undefined) throw new Error(`The type ${type.name} has no field ${name}.`);
    const key = this.#options.aliases.keyOf(name, nodes[0]?.alias?.value);
    const isNonNull = isNonNullType(definition.type);
    const nullable = getNullableType(definition.type);
    const selectionSets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    return {
      ...common,
      isNonNull,
      fixed: undefined,
      read: key in Object.prototype ? (object) => valueAt(object, key) : (object) => object[key],
      write: this.#value(definition.type, selectionSets),
      leaf: isLeafType(nullable) ? writeLeafOf(nullable) : undefined,
    };
  }

  /** Writes a value of a type; whether `null` may stand there is for the caller to say. */
  #value(type: GraphQLOutputType, selectionSets: readonly SelectionSetNode[]): WriteValue {
    if (isNonNullType(type)) return this.#value(type.ofType, selectionSets);
    if (isListType(type)) {
      const item = this.#value(type.ofType, selectionSets);
      return orNull(listWriter(item, isNonNullType(type.ofType)));
    }
    if (isObjectType(type)) return orNull(this.object(type, selectionSets));
    if (isAbstractType(type)) return orNull(this.#abstract(type, selectionSets));
    return orNull(leafWriter(writeLeafOf(type)));
  }

  #abstract(abstract: GraphQLAbstractType, selectionSets: readonly SelectionSetNode[]): WriteValue {
    const { schema, interfaceObjects, fragments } = this.#options;
    if (isInterfaceType(abstract) && interfaceObjects.has(abstract.name)) {
      const needsType = selectionSets.some((each) => dependsOnType(each, abstract.name, fragments));
      if (!needsType) return this.object(abstract, selectionSets);
    }
    const writers = new Map<unknown, WriteValue | undefined>();
    return (value, at) => {
      if (!isDataObject(value)) return fail(at, `Expected an object of ${abstract.name}.`);
      const typename = valueAt(value, '__typename');
      let write = writers.get(typename);
      if (write === undefined && !writers.has(typename)) {
        const type = typeof typename === 'string' ? schema.getType(typename) : undefined;
        const isPossible = isObjectType(type) && schema.isSubType(abstract, type);
        write = isPossible ? this.object(type, selectionSets) : undefined;
        // only names of the schema are kept, so that a subgraph cannot fill the map
        if (isPossible) writers.set(typename, write);
      }
      if (write !== undefined) return write(value, at);
      // an interface object whose type could not be asked for: the failure of that is told already
      if (at.failed.has(value) || isCovered(at)) return NULLED;
      // what it is instead is not named: it may be a type that clients must not see
      return fail(
        at,
        `Abstract type "${abstract.name}" was resolved to a type that is not one of its possible types.`,
      );
    };
  }
}

function orNull(write: WriteValue): WriteValue {
  return (value, at) => (value === null || value === undefined ? 'null' : write(value, at));
}

function writeObject(object: DataObject, fields: readonly ProjectedField[], at: Place): Written {
  let text = '{';
  for (const field of fields) {
    const written = field.fixed ?? writeField(object, field, at);
    if (written === NULLED) return NULLED;
    text += text.length === 1 ? field.label + written : `,${field.label}${written}`;
  }
  return `${text}}`;
}

/** `NULLED` only where the field may not be null. */
function writeField(object: DataObject, field: ProjectedField, at: Place): Written {
  const value = field.read(object, at);
  if (field.leaf !== undefined && value !== null && value !== undefined) {
    try {
      return field.leaf(value) ?? writeInPlace(object, value, field, at);
    } catch {
      // written again where its place is known, for the error
    }
  }
  return writeInPlace(object, value, field, at);
}

function writeInPlace(object: DataObject, value: unknown, field: ProjectedField, at: Place): Written {
  at.path.push(field.responseKey);
  let written = field.write(value, at);
  if (field.isNonNull && written === 'null')
    written = violated(value === undefined ? object : undefined, field, at);
  at.path.pop();
  return written === NULLED && !field.isNonNull ? 'null' : written;
}

function listWriter(item: WriteValue, isItemNonNull: boolean): WriteValue {
  const writeItems = (value: readonly unknown[], at: Place): Written => {
    let text = '[';
    for (let index = 0; index < value.length; index += 1) {
      at.path.push(index);
      let written = item(value[index], at);
      if (isItemNonNull && written === 'null') written = violatedItem(at);
      at.path.pop();
      if (written === NULLED) {
        if (isItemNonNull) return NULLED;
        written = 'null';
      }
      text += index === 0 ? written : `,${written}`;
    }
    return `${text}]`;
  };
  return (value, at) => {
    if (!Array.isArray(value)) return fail(at, 'Expected a list.');
    const known = at.lists.get(value);
    if (known?.writer === item) return known.text;
    const errorsBefore = at.errors.length;
    const text = writeItems(value, at);
    // an error has the path of one place; a list with errors is written at each
    if (text !== NULLED && at.errors.length === errorsBefore) at.lists.set(value, { writer: item, text });
    return text;
  };
}

function leafWriter(write: WriteLeaf): WriteValue {
  return (value, at) => {
    try {
      return write(value) ?? 'null';
    } catch (error) {
      return fail(
        at,
        error instanceof TypeError || error instanceof GraphQLError
          ? error.message
          : 'The value cannot be written.',
      );
    }
  };
}

function fail(at: Place, message: string): typeof NULLED {
  at.errors.push(
    new GraphQLError(message, { path: [...at.path], extensions: { code: 'RESPONSE_VALIDATION_FAILED' } }),
  );
  return NULLED;
}

/** A `null` where none may be. An error that stands there already is the reason for it, and is enough. */
function violated(owner: DataObject | undefined, field: ProjectedField, at: Place): typeof NULLED {
  if (owner !== undefined && at.failed.has(owner)) return NULLED;
  if (isCovered(at)) return NULLED;
  return fail(at, `Cannot return null for non-nullable field ${field.coordinate}.`);
}

function violatedItem(at: Place): typeof NULLED {
  return isCovered(at) ? NULLED : fail(at, 'Cannot return null for a non-nullable item of a list.');
}

/** Whether an error stands at this path or below it. Read when the first violation is met: most answers have none. */
function isCovered(at: Place): boolean {
  if (at.covered === undefined) {
    at.covered = new Set();
    for (const { path } of at.errors) {
      for (let length = 1; path !== undefined && length <= path.length; length += 1) {
        at.covered.add(JSON.stringify(path.slice(0, length)));
      }
    }
  }
  return at.covered.has(JSON.stringify(at.path));
}
