import { type DocumentNode, Kind } from 'graphql';
import { isForeignRule, readRule, type ShieldRule } from './shieldRule.ts';
import type { ShieldOptions } from './shieldTypes.ts';

/** The rules of a shield tree, by the coordinates of object types: what stands on interfaces and unions is expanded. */
export interface ShieldRules {
  readonly ofField: ReadonlyMap<string, ShieldRule>;
  /** Object types with a rule on the type as a whole (or `*`), or on an interface or union of it. */
  readonly typesWithRule: ReadonlySet<string>;
}

/** The shape of the supergraph, what clients do not see of it included. */
export interface TypeShapes {
  readonly objects: ReadonlyMap<string, readonly string[]>;
  readonly interfaces: ReadonlyMap<string, readonly string[]>;
  /** Object types of interfaces and unions. */
  readonly possibleTypes: ReadonlyMap<string, readonly string[]>;
  readonly others: ReadonlySet<string>;
}

/**
 * Reads a rule tree and its options, as they would be given to `shield`.
 *
 * Source: graphql-shield 7.6.5, `generator.ts`: a rule for all, rules by type, rules by field with `*` for the rest, and
 * `fallbackRule` where none is. Three differences, each of which there leaves something open without a word: rules on
 * interfaces and unions count; a field map with something in it that is no rule is refused instead of ignored whole; and
 * a type that has no fields is refused. Several rules may have one name: shield refuses that, as its caches go by names.
 *
 * @returns what is wrong with it, all at once, where it cannot be honoured
 */
export function shieldRules(
  tree: unknown,
  options: ShieldOptions,
  shapes: TypeShapes,
): { readonly rules: ShieldRules; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const ofField = new Map<string, ShieldRule>();
  const typesWithRule = new Set<string>();
  const read = (value: object, where: string): ShieldRule => {
    try {
      return readRule(value);
    } catch (error) {
      problems.push(`${where}: ${error instanceof Error ? error.message : String(error)}`);
      return { kind: 'constant', allows: false };
    }
  };
  const fallback =
    options.fallbackRule === undefined
      ? undefined
      : isForeignRule(options.fallbackRule)
        ? read(options.fallbackRule, 'fallbackRule')
        : void problems.push('fallbackRule: it is no rule of graphql-shield');

  const types = typesOfTree(tree, problems);
  if (types instanceof Map) {
    const onObjects: [string, unknown][] = [];
    for (const [typeName, value] of types) {
      if (shapes.objects.has(typeName)) onObjects.push([typeName, value]);
      else if (shapes.possibleTypes.has(typeName)) expand(typeName, value);
      else if (shapes.others.has(typeName)) {
        problems.push(`${typeName}: rules apply to fields, and the type has none`);
      } else problems.push(`${typeName}: the supergraph has no such type`);
    }
    for (const [typeName, value] of onObjects) onObject(typeName, value);
  } else if (types !== undefined) {
    const rule = read(types, 'the rule for all');
    for (const [typeName, fields] of shapes.objects) {
      for (const field of fields) ofField.set(`${typeName}.${field}`, rule);
    }
  }
  if (fallback !== undefined) {
    for (const [typeName, fields] of shapes.objects) {
      for (const field of fields) {
        const coordinate = `${typeName}.${field}`;
        if (!ofField.has(coordinate)) ofField.set(coordinate, fallback);
      }
    }
  }
  return { rules: { ofField, typesWithRule }, problems };

  /** Adds to what an interface says of the same field: both must allow. */
  function put(coordinate: string, rule: ShieldRule): void {
    const known = ofField.get(coordinate);
    ofField.set(coordinate, known === undefined ? rule : { kind: 'and', rules: [known, rule] });
  }

  /** A rule on an interface or union is one on each object type that may stand there. */
  function expand(typeName: string, value: unknown): void {
    const fields = shapes.interfaces.get(typeName);
    const objects = shapes.possibleTypes.get(typeName) ?? [];
    const rules = rulesOf(typeName, value, fields ?? []);
    for (const object of objects) {
      if ((rules.all ?? rules.rest) !== undefined) typesWithRule.add(object);
      for (const field of fields ?? shapes.objects.get(object) ?? []) {
        const rule = rules.byField.get(field) ?? rules.all ?? rules.rest;
        if (rule !== undefined) put(`${object}.${field}`, rule);
      }
    }
  }

  function onObject(typeName: string, value: unknown): void {
    const fields = shapes.objects.get(typeName) ?? [];
    const rules = rulesOf(typeName, value, fields);
    if ((rules.all ?? rules.rest) !== undefined) typesWithRule.add(typeName);
    for (const field of fields) {
      const rule = rules.byField.get(field) ?? rules.all ?? rules.rest;
      if (rule !== undefined) put(`${typeName}.${field}`, rule);
    }
  }

  function rulesOf(typeName: string, value: unknown, fields: readonly string[]): TypeRules {
    if (isForeignRule(value)) return { all: read(value, typeName), rest: undefined, byField: new Map() };
    if (typeof value !== 'object' || value === null) {
      problems.push(`${typeName}: expected a rule, or a map of rules by field`);
      return NO_RULES;
    }
    let rest: ShieldRule | undefined;
    const byField = new Map<string, ShieldRule>();
    for (const [field, rule] of Object.entries(value)) {
      const where = `${typeName}.${field}`;
      if (!isForeignRule(rule)) problems.push(`${where}: it is no rule of graphql-shield`);
      else if (field === '*') rest = read(rule, where);
      else if (!fields.includes(field)) problems.push(`${where}: the supergraph has no such field`);
      else byField.set(field, read(rule, where));
    }
    return { all: undefined, rest, byField };
  }
}

interface TypeRules {
  /** The rule on the type itself. */
  readonly all: ShieldRule | undefined;
  /** `*` */
  readonly rest: ShieldRule | undefined;
  readonly byField: ReadonlyMap<string, ShieldRule>;
}

const NO_RULES: TypeRules = { all: undefined, rest: undefined, byField: new Map() };

function typesOfTree(tree: unknown, problems: string[]): ReadonlyMap<string, unknown> | object | undefined {
  if (tree === undefined) return undefined;
  if (isForeignRule(tree)) return tree;
  if (typeof tree !== 'object' || tree === null) {
    problems.push('permissions: expected a rule, or a map of rules by type');
    return undefined;
  }
  if ('generate' in tree && typeof tree.generate === 'function') {
    problems.push(
      'permissions: this is what `shield(…)` returns, which shows its rules to nobody; export the tree that it was given, and its options as `options`',
    );
    return undefined;
  }
  return new Map(Object.entries(tree));
}

/** Reads the types of a supergraph. */
export function typeShapesOf(supergraph: DocumentNode): TypeShapes {
  const objects = new Map<string, readonly string[]>();
  const interfaces = new Map<string, readonly string[]>();
  const possibleTypes = new Map<string, string[]>();
  const others = new Set<string>();
  for (const definition of supergraph.definitions) {
    switch (definition.kind) {
      case Kind.OBJECT_TYPE_DEFINITION: {
        const name = definition.name.value;
        objects.set(
          name,
          (definition.fields ?? []).map((field) => field.name.value),
        );
        for (const { name: parent } of definition.interfaces ?? []) {
          possibleTypes.set(parent.value, [...(possibleTypes.get(parent.value) ?? []), name]);
        }
        break;
      }
      case Kind.INTERFACE_TYPE_DEFINITION:
        interfaces.set(
          definition.name.value,
          (definition.fields ?? []).map(({ name }) => name.value),
        );
        if (!possibleTypes.has(definition.name.value)) possibleTypes.set(definition.name.value, []);
        break;
      case Kind.UNION_TYPE_DEFINITION:
        possibleTypes.set(
          definition.name.value,
          (definition.types ?? []).map(({ name }) => name.value),
        );
        break;
      case Kind.SCALAR_TYPE_DEFINITION:
      case Kind.ENUM_TYPE_DEFINITION:
      case Kind.INPUT_OBJECT_TYPE_DEFINITION:
        others.add(definition.name.value);
        break;
      default:
        break;
    }
  }
  return { objects, interfaces, possibleTypes, others };
}
