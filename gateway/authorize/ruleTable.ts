import { type DocumentNode, type GraphQLSchema, Kind, type TypeNode } from 'graphql';
import type { SecurityDirectives } from '../supergraph/securityDirectives.ts';
import { type Clause, distinctClauses, implies } from './clause.ts';
import { directiveClauses } from './directiveClauses.ts';
import { type ParentFields, parentFieldsOf } from './parentFields.ts';
import { requiredCoordinates } from './requiredCoordinates.ts';
import { type LeafRule, leavesOf, type ShieldRule } from './shieldRule.ts';
import { shieldRules, typeShapesOf } from './shieldTree.ts';
import type { ShieldOptions } from './shieldTypes.ts';

/** What guards one field of one object type; both sources must agree. */
export interface Guard {
  readonly coordinate: string;
  /** Of federation directives. */
  readonly clauses: readonly Clause[];
  /** Of the shield tree: the field's own rule, and those of the fields that are read for it. */
  readonly rules: readonly GuardRule[];
}

export interface GuardRule {
  /** Where the rule stands: the field itself, or one that `@requires` reads. */
  readonly coordinate: string;
  readonly rule: ShieldRule;
  /** For rules with a `fragment`: what is to be read of the parent. */
  readonly parentFields: ReadonlyMap<LeafRule, ParentFields>;
}

export interface RuleTableOptions {
  readonly supergraph: DocumentNode;
  /** The API schema of it. */
  readonly schema: GraphQLSchema;
  readonly directives: SecurityDirectives;
  /** What would be given to `shield`; `undefined` without one. */
  readonly tree: unknown;
  readonly options: ShieldOptions;
  /** Coordinates whose subgraph is trusted with what it reads by `@requires`. */
  readonly trusted: ReadonlySet<string>;
}

/** Who may see what: one table from coordinates of object types to what guards them. It never changes. */
export class RuleTable {
  readonly #guards: ReadonlyMap<string, Guard>;
  /** Object types with a rule on the type as a whole. */
  readonly #guardedTypes: ReadonlySet<string>;

  constructor(guards: ReadonlyMap<string, Guard>, guardedTypes: ReadonlySet<string>) {
    this.#guards = guards;
    this.#guardedTypes = guardedTypes;
  }

  get isEmpty(): boolean {
    return this.#guards.size === 0;
  }

  guards(): Iterable<Guard> {
    return this.#guards.values();
  }

  guardOf(typeName: string, fieldName: string): Guard | undefined {
    return this.#guards.get(`${typeName}.${fieldName}`);
  }

  isGuardedType(typeName: string): boolean {
    return this.#guardedTypes.has(typeName);
  }
}

/**
 * Joins the federation directives of the supergraph with a shield tree.
 * @returns what cannot be honoured, all at once, in place of a table
 */
export function ruleTable(options: RuleTableOptions): RuleTable | { readonly problems: readonly string[] } {
  const { supergraph, schema, directives, trusted } = options;
  const shapes = typeShapesOf(supergraph);
  const { rules: shieldTree, problems: shieldProblems } = shieldRules(options.tree, options.options, shapes);
  const problems = [...shieldProblems];
  const { ofType, ofField } = directiveClauses(supergraph, directives);
  const fieldTypes = fieldTypesOf(supergraph);
  const required = requiredCoordinates(supergraph, directives);
  for (const coordinate of trusted) {
    if (!required.has(coordinate)) {
      problems.push(`authorization.trust_requires: ${coordinate} is no field that requires others`);
    }
  }

  const interfacesOf = new Map<string, string[]>();
  for (const [abstract, objects] of shapes.possibleTypes) {
    for (const object of objects) interfacesOf.set(object, [...(interfacesOf.get(object) ?? []), abstract]);
  }
  /** Clauses of the field itself: its own, those of its type as a whole, of what it returns, and of interfaces. */
  const ownClauses = (typeName: string, fieldName: string): readonly Clause[] => [
    ...(ofField.get(`${typeName}.${fieldName}`) ?? []),
    ...(ofType.get(typeName) ?? []),
    ...(ofType.get(fieldTypes.get(`${typeName}.${fieldName}`) ?? '') ?? []),
    ...(interfacesOf.get(typeName) ?? []).flatMap((each) => inherited(each, fieldName)),
  ];
  /**
   * What an interface demands of its objects. Composition writes on an interface what all its types demand together, which
   * binds nobody else; a demand that does not follow from those was written on the interface, and holds for each of them.
   * Source: GHSA-mx7m-j9xf-62hw.
   */
  const inherited = (interfaceName: string, fieldName: string): readonly Clause[] => {
    const objects = shapes.possibleTypes.get(interfaceName) ?? [];
    const written = (clauses: readonly Clause[], ofObjects: readonly Clause[]): readonly Clause[] =>
      clauses.filter((clause) => !implies(ofObjects, clause));
    if (!shapes.interfaces.get(interfaceName)?.includes(fieldName)) return [];
    return [
      ...written(
        ofField.get(`${interfaceName}.${fieldName}`) ?? [],
        objects.flatMap((object) => ofField.get(`${object}.${fieldName}`) ?? []),
      ),
      ...written(
        ofType.get(interfaceName) ?? [],
        objects.flatMap((object) => ofType.get(object) ?? []),
      ),
    ];
  };
  /** Everything that is read for a field, whatever it is read through. */
  const readFor = (coordinate: string, seen: Set<string> = new Set()): ReadonlySet<string> => {
    if (trusted.has(coordinate)) return seen;
    for (const read of required.get(coordinate) ?? []) {
      const [typeName = '', fieldName = ''] = read.split('.');
      for (const object of shapes.possibleTypes.get(typeName) ?? [typeName]) {
        const each = `${object}.${fieldName}`;
        if (each === coordinate || seen.has(each)) continue;
        seen.add(each);
        readFor(each, seen);
      }
    }
    return seen;
  };
  const guardRule = (coordinate: string, readBy: string): GuardRule | undefined => {
    const rule = shieldTree.ofField.get(coordinate);
    if (rule === undefined || (rule.kind === 'constant' && rule.allows)) return undefined;
    const [typeName = ''] = coordinate.split('.');
    const parentFields = new Map<LeafRule, ParentFields>();
    for (const leaf of leavesOf(rule)) {
      // of the object that a field is required of, only the one that asks is at hand
      if (leaf.fragment === undefined || !readBy.startsWith(`${typeName}.`)) continue;
      const read = parentFieldsOf(leaf.fragment, {
        typeName,
        schema,
        abstracts: interfacesOf.get(typeName) ?? [],
      });
      if (typeof read === 'string') problems.push(`${coordinate}: the fragment of ${leaf.name} ${read}`);
      else parentFields.set(leaf, read);
    }
    return { coordinate, rule, parentFields };
  };

  const guards = new Map<string, Guard>();
  for (const [typeName, fields] of shapes.objects) {
    for (const fieldName of fields) {
      const coordinate = `${typeName}.${fieldName}`;
      const coordinates = [coordinate, ...readFor(coordinate)];
      const clauses = distinctClauses(
        coordinates.flatMap((each) => {
          const [type = '', field = ''] = each.split('.');
          return ownClauses(type, field);
        }),
      );
      const rules = coordinates.flatMap((each) => guardRule(each, coordinate) ?? []);
      if (clauses.length + rules.length > 0) guards.set(coordinate, { coordinate, clauses, rules });
    }
  }
  if (problems.length > 0) return { problems: [...new Set(problems)] };
  const guardedTypes = [...shapes.objects.keys()].filter(
    (name) => shieldTree.typesWithRule.has(name) || ofType.has(name),
  );
  return new RuleTable(guards, new Set(guardedTypes));
}

/** Named types of fields, by coordinate. */
function fieldTypesOf(supergraph: DocumentNode): ReadonlyMap<string, string> {
  const types = new Map<string, string>();
  const named = (type: TypeNode): string =>
    type.kind === Kind.NAMED_TYPE ? type.name.value : named(type.type);
  for (const definition of supergraph.definitions) {
    if (
      definition.kind !== Kind.OBJECT_TYPE_DEFINITION &&
      definition.kind !== Kind.INTERFACE_TYPE_DEFINITION
    ) {
      continue;
    }
    for (const field of definition.fields ?? []) {
      types.set(`${definition.name.value}.${field.name.value}`, named(field.type));
    }
  }
  return types;
}
