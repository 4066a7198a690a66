import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLAbstractType,
  GraphQLError,
  type GraphQLField,
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
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { Denials } from '../authorize/denials.ts';
import { type DataObject, isDataObject, valueAt } from '../execute/data.ts';
import { collectFields, fragmentApplies } from '../operation/collectFields.ts';
import { dependsOnType } from '../operation/concreteType.ts';
import { conditionsOf } from '../operation/literalConditions.ts';
import type { PrivateAliases } from '../operation/privateAliases.ts';
import { JsonWriter } from './jsonWriter.ts';
import { lastingBytes } from './lastingBytes.ts';
import { type WriteLeaf, writeAny, writeLeafOf } from './leafWriters.ts';
import { SerializedData } from './serializedData.ts';

/** An object type, or an interface whose objects need not be told apart. */
type FieldsType = GraphQLObjectType | GraphQLInterfaceType;

export interface ProjectionOptions {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly aliases: PrivateAliases;
  /** Interfaces that some subgraph has as `@interfaceObject`. */
  readonly interfaceObjects: ReadonlySet<string>;
  /** Whether the supergraph has an object type, `Ghost`, or an enum value, `Color.GREY`. What the schema lacks of it is hidden. */
  readonly isKnown: (coordinate: string) => boolean;
  /** Values of the variables that `@skip` and `@include` name; a projection is compiled for one set of them. */
  readonly conditions: ReadonlyMap<string, boolean>;
  /** What of the operation was not asked for, as the client may not see it; `undefined` = all of it was. */
  readonly denials?: Denials | undefined;
}

/** What the projection of one answer reads and adds to. */
export interface Projecting {
  readonly data: DataObject;
  readonly errors: GraphQLError[];
  /** Objects that lack fields whose absence an error already tells. */
  readonly failed: ReadonlySet<DataObject>;
  /** Objects and lists that stand at several places, with all that is below them. */
  readonly shared: ReadonlySet<unknown>;
  /** Answers of introspection fields, by response key. */
  readonly introspection: Readonly<Record<string, unknown>> | undefined;
}

/** Writes `data` of the response as JSON; `undefined` when it is null. */
export type Project = (answer: Projecting) => SerializedData | undefined;

/**
 * What a writer did. `NULLED` is a `null` that an error tells of already, and that goes up to the nearest nullable place;
 * `NULL` is one without an error; `WITHHELD` is `NULLED` for an object of a type that is denied as a whole, which a list of
 * values that may not be null leaves out. But for `VALUE` nothing was written: the caller knows whether a null may stand there.
 * Source: GraphQL specification, §6.4.4 "Handling Execution Errors".
 */
type Written = typeof VALUE | typeof NULL | typeof NULLED | typeof WITHHELD;
const VALUE = 0;
const NULL = 1;
const NULLED = 2;
const WITHHELD = 3;
type WriteValue = (value: unknown, at: Place) => Written;

/** Where the writer is: only errors read it. */
interface Place extends Projecting {
  readonly out: JsonWriter;
  /** Response keys and indexes from the root; one array for a whole answer, pushed to and popped from. */
  readonly path: (string | number)[];
  covered: Set<string> | undefined;
  /** Values that are null for an error. */
  nulled: number;
  /** Where what is shared was written, and by whom: it is copied from there. */
  readonly written: Map<unknown, Writing>;
}

interface Writing {
  readonly writer: unknown;
  readonly start: number;
  readonly end: number;
}

interface ProjectedField {
  /** `{"name":` of the first field, `,"name":` of the others; of `__typename` of an object type with its value. */
  readonly label: Buffer;
  readonly responseKey: string;
  readonly coordinate: string;
  readonly isNonNull: boolean;
  /** `undefined` where the label says all. */
  readonly read: ((object: DataObject, at: Place) => unknown) | undefined;
  readonly write: WriteValue;
  /** Set where the field is a leaf and no list: most fields are, and none of them needs a place of its own. */
  readonly leaf: WriteLeaf | undefined;
}

const NOTHING = Buffer.from('null');
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST, COMMA] = [0x7b, 0x7d, 0x5b, 0x5d, 0x2c];

/** Projections do not wait, so one writer serves them all. */
const writer = new JsonWriter();

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
    writer.clear();
    const at: Place = { ...answer, out: writer, path: [], covered: undefined, nulled: 0, written: new Map() };
    writer.raw(SerializedData.START);
    if (write(answer.data, at) !== VALUE) return undefined;
    writer.raw(SerializedData.END);
    return new SerializedData(writer.take());
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
    const { schema, fragments } = this.#options;
    const grouped = collectFields(selectionSets, {
      fragments,
      isIncluded: (selection) => this.#isIncluded(selection),
      applies: fragmentApplies(schema, type),
    });
    return Array.from(grouped, ([responseKey, nodes], index) =>
      this.#field(type, { responseKey, nodes, isFirst: index === 0 }),
    );
  }

  #isIncluded(selection: SelectionNode): boolean {
    const { conditions } = this.#options;
    const { isLeftOut, variables } = conditionsOf(selection);
    return !isLeftOut && variables.every(({ name, value }) => conditions.get(name) === value);
  }

  #field(
    type: FieldsType,
    {
      responseKey,
      nodes,
      isFirst,
    }: { readonly responseKey: string; readonly nodes: readonly FieldNode[]; readonly isFirst: boolean },
  ): ProjectedField {
    const name = nodes[0]?.name.value ?? '';
    const label = `${isFirst ? '{' : ','}${JSON.stringify(responseKey)}:`;
    const common = {
      label: lastingBytes(label),
      responseKey,
      coordinate: `${type.name}.${name}`,
      isNonNull: true,
      leaf: undefined,
    };
    if (name === '__typename') {
      const text = lastingBytes(label + JSON.stringify(type.name));
      return { ...common, label: text, read: undefined, write: () => VALUE };
    }
    if (name.startsWith('__')) {
      return {
        ...common,
        isNonNull: false,
        read: (_object, at) => at.introspection?.[responseKey],
        write: (value, at) => (writeAny(value ?? null, at.out) ? VALUE : NULL),
      };
    }
    const definition = type.getFields()[name];
    if (definition === undefined) throw new Error(`The type ${type.name} has no field ${name}.`);
    const { aliases, denials } = this.#options;
    const key = aliases.keyOf(name, nodes[0]?.alias?.value);
    const isNonNull = isNonNullType(definition.type);
    if (denials !== undefined && nodes.some((node) => denials.isDenied(type.name, node))) {
      return isNonNull
        ? { ...common, read: () => undefined, write: () => NULLED }
        : { ...common, label: lastingBytes(`${label}null`), read: undefined, write: () => VALUE };
    }
    const nullable = getNullableType(definition.type);
    const selectionSets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    const write = this.#value(definition.type, selectionSets);
    const field: ProjectedField = {
      ...common,
      isNonNull,
      read: reader({
        key,
        name,
        mayReadName: isLeafType(nullable) && this.#isBehindObject(type, definition),
      }),
      write,
      leaf: isLeafType(nullable) ? writeLeafOf(nullable, this.#options.isKnown) : undefined,
    };
    if (denials === undefined || !nodes.some((node) => denials.isAskedOfParent(type.name, node)))
      return field;
    const { cut } = denials;
    return { ...field, write: (value, at) => (value === cut ? NULLED : write(value, at)), leaf: undefined };
  }

  /** Whether a field without arguments may be fetched of an interface object. */
  #isBehindObject(type: FieldsType, { args }: GraphQLField<unknown, unknown>): boolean {
    const { interfaceObjects } = this.#options;
    return args.length === 0 && type.getInterfaces().some(({ name }) => interfaceObjects.has(name));
  }

  /** Writes a value of a type; whether `null` may stand there is for the caller to say. */
  #value(type: GraphQLOutputType, selectionSets: readonly SelectionSetNode[]): WriteValue {
    if (isNonNullType(type)) return this.#value(type.ofType, selectionSets);
    if (isListType(type)) {
      const item = this.#value(type.ofType, selectionSets);
      const inner = getNullableType(type.ofType);
      const leaf = isLeafType(inner) ? writeLeafOf(inner, this.#options.isKnown) : undefined;
      return orNull(listWriter({ item, leaf, isItemNonNull: isNonNullType(type.ofType) }));
    }
    if (isObjectType(type)) return orNull(this.object(type, selectionSets));
    if (isAbstractType(type)) return orNull(this.#abstract(type, selectionSets));
    return orNull(leafWriter(writeLeafOf(type, this.#options.isKnown)));
  }

  #abstract(abstract: GraphQLAbstractType, selectionSets: readonly SelectionSetNode[]): WriteValue {
    const { schema, interfaceObjects, fragments, isKnown, denials } = this.#options;
    const isSplit = denials?.splitTypes.has(abstract.name) ?? false;
    if (isInterfaceType(abstract) && interfaceObjects.has(abstract.name) && !isSplit) {
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
        if (write !== undefined && isPossible && denials?.withheldTypes.has(type.name))
          write = withheld(write);
        // only names of the schema are kept, so that a subgraph cannot fill the map
        if (isPossible) writers.set(typename, write);
      }
      if (write !== undefined) return write(value, at);
      // an interface object whose type could not be asked for: the failure of that is told already
      if (at.failed.has(value) || isCovered(at)) return NULLED;
      // an inaccessible type is null without a word: its subgraph did nothing wrong, and clients do not know of it
      if (typeof typename === 'string' && schema.getType(typename) === undefined && isKnown(typename))
        return NULL;
      return fail(
        at,
        `Abstract type "${abstract.name}" was resolved to a type that is not one of its possible types.`,
      );
    };
  }
}

function withheld(write: WriteValue): WriteValue {
  return (value, at) => {
    const written = write(value, at);
    return written === NULLED ? WITHHELD : written;
  };
}

/**
 * Reads a field by its key. Behind interface objects the native planner takes an aliased key field for fetched where it has the
 * field under its own name, and leaves it out: without arguments the two have one value.
 */
function reader({
  key,
  name,
  mayReadName,
}: {
  readonly key: string;
  readonly name: string;
  readonly mayReadName: boolean;
}): (object: DataObject) => unknown {
  if (key !== name && mayReadName) {
    return (object) => {
      const value = valueAt(object, key);
      return value === undefined ? valueAt(object, name) : value;
    };
  }
  return key in Object.prototype ? (object) => valueAt(object, key) : (object) => object[key];
}

function orNull(write: WriteValue): WriteValue {
  return (value, at) => (value === null || value === undefined ? NULL : write(value, at));
}

function writeObject(object: DataObject, fields: readonly ProjectedField[], at: Place): Written {
  const { out } = at;
  const isShared = at.shared.size > 0 && at.shared.has(object);
  if (isShared && writeAgain(object, fields, at)) return VALUE;
  const start = out.length;
  const nulledBefore = at.nulled;
  if (fields.length === 0) out.character(OPEN_OBJECT);
  for (const field of fields) {
    out.raw(field.label);
    if (field.read === undefined || writeField(object, field, at)) continue;
    takeBack(start, at);
    return NULLED;
  }
  out.character(CLOSE_OBJECT);
  if (isShared) remember(object, { writer: fields, start, end: out.length }, nulledBefore, at);
  return VALUE;
}

/** `false` where the field may not be null, and is. */
function writeField(object: DataObject, field: ProjectedField, at: Place): boolean {
  const value = field.read?.(object, at);
  if (field.leaf !== undefined && isLeafWritten(value, field.leaf, at.out)) return true;
  return writeInPlace(object, value, field, at);
}

function writeInPlace(object: DataObject, value: unknown, field: ProjectedField, at: Place): boolean {
  at.path.push(field.responseKey);
  const written = field.write(value, at);
  if (field.isNonNull && written === NULL) violated(value === undefined ? object : undefined, field, at);
  at.path.pop();
  if (written === VALUE) return true;
  if (written !== NULL || field.isNonNull) at.nulled += 1;
  if (!field.isNonNull) at.out.raw(NOTHING);
  return !field.isNonNull;
}

interface ListItems {
  readonly item: WriteValue;
  /** Set where the items are leaves. */
  readonly leaf: WriteLeaf | undefined;
  readonly isItemNonNull: boolean;
}

/** `false` where it has to be written again at its place, which an error or a null needs. */
function isLeafWritten(value: unknown, leaf: WriteLeaf, out: JsonWriter): boolean {
  if (value === null || value === undefined) return false;
  const start = out.length;
  try {
    return leaf(value, out);
  } catch {
    out.truncate(start);
    return false;
  }
}

function listWriter({ item, leaf, isItemNonNull }: ListItems): WriteValue {
  return (value, at) => {
    if (!Array.isArray(value)) return fail(at, 'Expected a list.');
    const { out } = at;
    const isShared = at.shared.size > 0 && at.shared.has(value);
    if (isShared && writeAgain(value, item, at)) return VALUE;
    const start = out.length;
    const nulledBefore = at.nulled;
    out.character(OPEN_LIST);
    let isFirst = true;
    for (let index = 0; index < value.length; index += 1) {
      const itemStart = out.length;
      if (!isFirst) out.character(COMMA);
      if (leaf !== undefined && isLeafWritten(value[index], leaf, out)) {
        isFirst = false;
        continue;
      }
      at.path.push(index);
      const written = item(value[index], at);
      if (isItemNonNull && written === NULL) violatedItem(at);
      at.path.pop();
      if (written !== VALUE) {
        if (written !== NULL || isItemNonNull) at.nulled += 1;
        if (isItemNonNull && written === WITHHELD) {
          out.truncate(itemStart);
          continue;
        }
        if (isItemNonNull) {
          takeBack(start, at);
          return NULLED;
        }
        out.raw(NOTHING);
      }
      isFirst = false;
    }
    out.character(CLOSE_LIST);
    if (isShared) remember(value, { writer: item, start, end: out.length }, nulledBefore, at);
    return VALUE;
  };
}

function writeAgain(shared: unknown, by: unknown, { out, written }: Place): boolean {
  const known = written.get(shared);
  if (known === undefined || known.writer !== by) return false;
  out.repeat(known.start, known.end);
  return true;
}

/** An error has the path of one place, so that what has one below it is written at each. */
function remember(shared: unknown, writing: Writing, nulledBefore: number, at: Place): void {
  if (at.nulled === nulledBefore) at.written.set(shared, writing);
}

/** What was remembered may lie in what is taken back. */
function takeBack(start: number, { out, written }: Place): void {
  out.truncate(start);
  written.clear();
}

function leafWriter(write: WriteLeaf): WriteValue {
  return (value, at) => {
    const start = at.out.length;
    try {
      return write(value, at.out) ? VALUE : NULL;
    } catch (error) {
      at.out.truncate(start);
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
