import { Kind, parse, parseType, type SelectionSetNode, type TypeNode, valueFromASTUntyped } from 'graphql';
import {
  type FieldModel,
  fieldOf,
  type GraphModel,
  type LocatedField,
  namedType,
  typeOf,
} from './graphModel.ts';
import { hashOf } from './random.ts';

/** How often things go wrong in the data: probabilities of one value. */
export interface DataRates {
  /** A nullable value is null. */
  readonly nulls: number;
  /** A resolver throws, or an item of a list is an error. */
  readonly errors: number;
  /** A non-null value is null. */
  readonly violations: number;
}

/** An object of the graph. */
export class Entity {
  readonly typeName: string;
  /** `T0:3`; of a value type a hash of where it was found. */
  readonly id: string;
  constructor(typeName: string, id: string) {
    this.typeName = typeName;
    this.id = id;
  }
}

/** Few, so that one entity is met at many places of an answer. */
const ENTITIES_PER_TYPE = 4;

/**
 * The data of a case. A value is a pure function of the seed, the field, the object and the arguments, so the subgraphs
 * and the oracle need not share any state to agree.
 */
export class GraphData {
  readonly model: GraphModel;
  readonly #seed: number;
  readonly #rates: DataRates;

  constructor(model: GraphModel, seed: number, rates: DataRates) {
    this.model = model;
    this.#seed = seed;
    this.#rates = rates;
  }

  /**
   * The value of a field: scalars, `Entity`, lists of them, null, or an `Error` in place of any of them.
   *
   * @param inputs of a field with `@requires`: what `requiredInputs` gives, or what a subgraph found in a representation
   */
  value(
    { owner, field }: LocatedField,
    object: Entity,
    args: Readonly<Record<string, unknown>>,
    inputs?: unknown,
  ): unknown {
    if (field.key !== undefined && field.type === 'Int!') return keyNumber(object.id, field.key);
    if (field.key !== undefined && !field.type.startsWith('Ref')) return `${field.name}-${object.id}`;
    const place = `${owner}.${field.name} of ${object.id}${stableText(args)}${inputs === undefined ? '' : stableText(inputs)}`;
    return this.#valueOf(parseType(field.type), place, {
      field,
      isOuter: true,
      label: `${owner}.${field.name} of ${object.id}`,
    });
  }

  /** What a resolver of the plain schema returns; `@requires` is computed from the data itself. */
  resolve(located: LocatedField, object: Entity, args: Readonly<Record<string, unknown>>): unknown {
    const { requires } = located.field;
    return this.value(
      located,
      object,
      args,
      requires === undefined ? undefined : this.requiredInputs(object, selectionOf(requires)),
    );
  }

  /** The values that a selection of `@requires` stands for, as a representation would have them. */
  requiredInputs(object: Entity, selection: SelectionSetNode): Record<string, unknown> {
    const inputs: Record<string, unknown> = {};
    for (const node of selection.selections) {
      if (node.kind === Kind.INLINE_FRAGMENT) {
        if (node.typeCondition === undefined || node.typeCondition.name.value === object.typeName) {
          Object.assign(inputs, this.requiredInputs(object, node.selectionSet));
        }
        continue;
      }
      if (node.kind !== Kind.FIELD) continue;
      const located = fieldOf(this.model, object.typeName, node.name.value);
      if (located === undefined) continue;
      const args = Object.fromEntries(
        (node.arguments ?? []).map((argument) => [argument.name.value, valueFromASTUntyped(argument.value)]),
      );
      const value = this.resolve(located, object, args);
      inputs[node.name.value] = this.#inputOf(value, located.field, node.selectionSet);
    }
    return inputs;
  }

  #inputOf(value: unknown, field: FieldModel, selection: SelectionSetNode | undefined): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#inputOf(item, field, selection));
    if (value instanceof Entity && selection !== undefined) return this.requiredInputs(value, selection);
    // an ID is a text when it has travelled
    return namedType(field.type) === 'ID' && typeof value === 'number' ? String(value) : value;
  }

  /** Every entity of a type, which is how a representation is looked up: by its key fields. */
  entities(typeName: string): Entity[] {
    return Array.from(
      { length: ENTITIES_PER_TYPE },
      (_, index) => new Entity(typeName, `${typeName}:${index}`),
    );
  }

  #valueOf(type: TypeNode, place: string, context: ValueContext): unknown {
    const { field, isOuter, label } = context;
    const isNonNull = type.kind === Kind.NON_NULL_TYPE;
    const inner = isNonNull ? type.type : type;
    if (!(isOuter && field.nonNullIn !== undefined)) {
      const failure = this.#chanceAt(`${place} fails`);
      if (!field.safe && failure < this.#rates.errors) return new Error(`Failed: ${label}`);
      if (!field.safe && isNonNull && failure > 1 - this.#rates.violations) return null;
      if (!isNonNull && this.#chanceAt(`${place} is null`) < this.#rates.nulls) return null;
    }
    if (inner.kind === Kind.LIST_TYPE) {
      const itemContext = { ...context, isOuter: false };
      return Array.from({ length: this.#number(`${place} length`, 4) }, (_, index) =>
        this.#valueOf(inner.type, `${place}[${index}]`, itemContext),
      );
    }
    if (inner.kind !== Kind.NAMED_TYPE) throw new Error('A type is not non-null twice.');
    return this.#namedValue(inner.name.value, place, field);
  }

  #namedValue(name: string, place: string, field: FieldModel): unknown {
    const values = this.model.enums.find((candidate) => candidate.name === name)?.values;
    if (values !== undefined) return this.#pick(place, values);
    const type = typeOf(this.model, name);
    if (type === undefined) return this.#scalar(name, place);
    if (type.kind === 'interface' || type.kind === 'union') {
      const members = field.possible ?? [];
      if (members.length === 0) return null;
      return this.#namedValue(this.#pick(`${place} type`, members), place, field);
    }
    if (type.kind === 'entity') return new Entity(name, `${name}:${this.#number(place, ENTITIES_PER_TYPE)}`);
    return new Entity(name, `v${hashOf(`${this.#seed} ${place}`).toString(36)}`);
  }

  #scalar(name: string, place: string): unknown {
    const number = this.#number(place, 2 ** 31);
    switch (name) {
      case 'Int':
        return this.#pick(`${place} edge`, [number, -number, 0, number % 10]);
      case 'Float':
        return this.#pick(`${place} edge`, [number / 3, number, 1e21, 1.5e-9, -0.5]);
      case 'Boolean':
        return number % 2 === 0;
      case 'ID':
        return this.#pick(`${place} edge`, [`i${number}`, number % 1000]);
      case 'String':
        return this.#pick(`${place} edge`, [number.toString(36), ...ODD_STRINGS]);
      default:
        return this.#pick(`${place} edge`, [number, number.toString(36), ...ODD_SCALARS]);
    }
  }

  #pick<Item>(place: string, items: readonly Item[]): Item {
    return items[this.#number(`${place} pick`, items.length)] as Item;
  }

  #number(place: string, limit: number): number {
    return Math.floor(this.#chanceAt(place) * limit);
  }

  #chanceAt(place: string): number {
    return hashOf(`${this.#seed} ${place}`) / 4_294_967_296;
  }
}

interface ValueContext {
  readonly field: FieldModel;
  /** Not an item of a list. */
  readonly isOuter: boolean;
  readonly label: string;
}

const ODD_STRINGS = ['', 'a "quoted" \\ text', 'line\nbreak', '\u2028 and é and 😀', '__typename', '{"a":1}'];

/** A custom scalar may be any JSON; inside it nothing is a response key. */
const ODD_SCALARS: readonly unknown[] = [
  { __typename: 'T0', id: 'T0:0', b: null, a: [1, { c: 2 }] },
  [],
  {},
  [[null, 'x'], { id: 1 }],
  false,
  { z: 1, a: { z: null, a: '' } },
];

/**
 * Two halves of a compound key, neither of which names the entity alone.
 * `T0:3` is high 1, low 1; `T0:2` is high 1, low 0.
 */
function keyNumber(id: string, key: 'whole' | 'high' | 'low'): number {
  const number = Number(id.split(':')[1]);
  if (key === 'high') return number >> 1;
  return key === 'low' ? number & 1 : number + 100;
}

/** JSON with the keys of objects in order: equal values give equal texts, however they were written. */
export function stableText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stableText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${stableText(item)}`).join(',')}}`;
}

const selections = new Map<string, SelectionSetNode>();

/** `id owner { name }` as a selection set. */
export function selectionOf(text: string): SelectionSetNode {
  let selection = selections.get(text);
  if (selection === undefined) {
    const [definition] = parse(`{ ${text} }`).definitions;
    if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`Not a selection: ${text}`);
    selection = definition.selectionSet;
    selections.set(text, selection);
  }
  return selection;
}
