import { type FieldNode, Kind, type ValueNode } from 'graphql';
import { GatewayError } from '../../errors.ts';
import type { CostSchema, FieldCost, InputCost, ListSize } from './costSchema.ts';
import { type CostInputs, largest, orElse, type SizeTerm } from './term.ts';

/** A size that `@listSize` of a field gives to lists: to the field itself, and to those below that it names. */
export interface AppliedSize {
  readonly size: SizeTerm;
  /** Ways from here to the lists that have the size. */
  readonly sizedFields: readonly (readonly string[])[];
}

/** The sizes that a selection has from the `@listSize` directives of its field. */
export function sizesOf(field: FieldNode, cost: FieldCost, schema: CostSchema): readonly AppliedSize[] {
  return cost.listSizes.map((listSize) => ({
    size: sizeOf(listSize, slicingValues(listSize, field, { cost, schema }), coordinate(field)),
    sizedFields: listSize.sizedFields,
  }));
}

/** The size that the sizes of a parent give to its field of that name. */
export function sizeFor(name: string, sizes: readonly AppliedSize[]): SizeTerm {
  return largest(
    sizes
      .filter(({ sizedFields }) => sizedFields.some((path) => path.length === 1 && path[0] === name))
      .map(({ size }) => size),
  );
}

/** The sizes of a parent that are of lists further below its field of that name. */
export function sizesBelow(name: string, sizes: readonly AppliedSize[]): readonly AppliedSize[] {
  return sizes.flatMap(({ size, sizedFields }) => {
    const below = sizedFields.filter((path) => path.length > 1 && path[0] === name);
    return below.length === 0 ? [] : [{ size, sizedFields: below.map((path) => path.slice(1)) }];
  });
}

/**
 * The largest slicing argument, or the assumed size. A negative number slices nothing: some subgraphs take it for "all".
 * @throws GatewayError COST_QUERY_PARSE_FAILURE, by the term, where exactly one slicing argument has to be given
 */
function sizeOf(listSize: ListSize, values: readonly SizeTerm[], where: string): SizeTerm {
  const { assumedSize, requiresOneSlicingArgument } = listSize;
  if (values.length === 0) return assumedSize;
  const size = orElse(largest(values.map(unlessNegative)), assumedSize);
  if (!requiresOneSlicingArgument) return size;
  const isConstant = values.every((value) => typeof value !== 'function');
  if (isConstant && givenOf(values) === 1) return size;
  return (inputs) => {
    const given = givenOf(values, inputs);
    if (given !== 1) {
      throw new GatewayError('COST_QUERY_PARSE_FAILURE', {
        message: `Exactly one slicing argument is required, but found ${given} (${where}).`,
      });
    }
    return typeof size === 'function' ? size(inputs) : size;
  };
}

function givenOf(values: readonly SizeTerm[], inputs?: CostInputs): number {
  let given = 0;
  for (const value of values) {
    const size = typeof value === 'function' && inputs !== undefined ? value(inputs) : value;
    if (size !== undefined) given += 1;
  }
  return given;
}

function unlessNegative(value: SizeTerm): SizeTerm {
  const checked = (size: number | undefined): number | undefined =>
    size === undefined || size < 0 ? undefined : size;
  return typeof value === 'function' ? (inputs) => checked(value(inputs)) : checked(value);
}

interface OfField {
  readonly cost: FieldCost;
  readonly schema: CostSchema;
}

function slicingValues(listSize: ListSize, field: FieldNode, { cost, schema }: OfField): readonly SizeTerm[] {
  return listSize.slicingArguments.flatMap(([name = '', ...path]) => {
    const input = cost.arguments.get(name);
    if (input === undefined) return [];
    const given = field.arguments?.find((argument) => argument.name.value === name)?.value;
    return [sizeInNode(given, path, { input, schema })];
  });
}

interface Place {
  readonly input: InputCost;
  readonly schema: CostSchema;
}

/** A number, the length of a list, or what is there at the end of a way through input objects. */
function sizeInNode(node: ValueNode | undefined, path: readonly string[], place: Place): SizeTerm {
  const { input, schema } = place;
  const value = node ?? input.defaultValue;
  if (value === undefined || value.kind === Kind.NULL) return undefined;
  if (value.kind === Kind.VARIABLE) {
    const name = value.name.value;
    const absent = sizeInNode(input.defaultValue, path, place);
    return (inputs) => {
      if (inputs.coerced[name] !== undefined) return sizeInValue(inputs.coerced[name], path);
      return typeof absent === 'function' ? absent(inputs) : absent;
    };
  }
  const [step, ...rest] = path;
  if (step !== undefined) {
    const inner = schema.types.get(input.typeName)?.inputFields.get(step);
    if (value.kind !== Kind.OBJECT || inner === undefined) return undefined;
    const given = value.fields.find(({ name }) => name.value === step)?.value;
    return sizeInNode(given, rest, { input: inner, schema });
  }
  if (value.kind === Kind.LIST) return value.values.length;
  // GraphQL specification §3.12: a value where a list is wanted is a list of one
  if (input.isList) return 1;
  return value.kind === Kind.INT ? Number(value.value) : undefined;
}

function sizeInValue(value: unknown, path: readonly string[]): number | undefined {
  let inner = value;
  for (const step of path) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, step)) return undefined;
    inner = (inner as Record<string, unknown>)[step];
  }
  if (Array.isArray(inner)) return inner.length;
  return typeof inner === 'number' ? inner : undefined;
}

function coordinate(field: FieldNode): string {
  return field.name.value;
}
