import {
  buildASTSchema,
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type GraphQLSchema,
  isAbstractType,
  isObjectType,
  Kind,
  parse,
  printSchema,
  type TypeNode,
} from 'graphql';
import type { Principal } from '../http/principal.ts';
import { BoundedMap } from './boundedMap.ts';
import { holds, type PolicyAnswers } from './clause.ts';
import type { RuleCalls } from './ruleCalls.ts';
import { ruleInput, UnreadableError, unreadableArguments, unreadableParent } from './ruleInfo.ts';
import type { Guard, RuleTable } from './ruleTable.ts';
import { evaluate, Fault, type MaybePromise, NEEDS_PARENT, then, type Verdict } from './verdict.ts';

/** Different principals see different schemas; few of them are in use at one time. */
const MAX_SCHEMAS = 50;

/**
 * The API schema as one principal may see it, for introspection: without the fields that are denied whatever their parent
 * and arguments are, and without the types that only those lead to. A field of which that cannot be said is there.
 */
export class VisibleSchemas {
  readonly #schema: GraphQLSchema;
  readonly #table: RuleTable;
  readonly #schemas = new BoundedMap<string, GraphQLSchema>(MAX_SCHEMAS);
  #document: DocumentNode | undefined;

  constructor(schema: GraphQLSchema, table: RuleTable) {
    this.#schema = schema;
    this.#table = table;
  }

  async visibleTo(principal: Principal, policies: PolicyAnswers, calls: RuleCalls): Promise<GraphQLSchema> {
    const guards = [...this.#table.guards()];
    const denied = await Promise.all(
      guards.map((guard) => this.#isDenied(guard, principal, policies, calls)),
    );
    const hidden = new Set(
      guards.filter((_guard, index) => denied[index]).map(({ coordinate }) => coordinate),
    );
    if (hidden.size === 0) return this.#schema;
    return this.#schemas.getOrMake([...hidden].sort().join(), () => {
      this.#document ??= parse(printSchema(this.#schema), { noLocation: true });
      return schemaWithout(hidden, this.#schema, this.#document);
    });
  }

  #isDenied(
    { clauses, rules }: Guard,
    principal: Principal,
    policies: PolicyAnswers,
    calls: RuleCalls,
  ): MaybePromise<boolean> {
    if (!clauses.every((clause) => holds(clause, principal, policies))) return true;
    const verdicts = rules.map(({ coordinate, rule }) => {
      const isRoot = this.#isRoot(coordinate.split('.')[0] ?? '');
      const source = { schema: this.#schema, operation: undefined, fragments: {}, variables: {} };
      const { info } = inputWithoutArguments(coordinate, source);
      return evaluate(rule, (leaf) => {
        if (leaf.fragment !== undefined && !isRoot) return NEEDS_PARENT;
        const question = { coordinate, parent: unreadableParent, args: unreadableArguments, info };
        return then(calls.call(leaf, question), (verdict) =>
          isUnreadable(verdict) ? NEEDS_PARENT : verdict,
        );
      });
    });
    return then(all(verdicts), (each) =>
      each.some((verdict) => verdict !== true && verdict !== NEEDS_PARENT),
    );
  }

  #isRoot(typeName: string): boolean {
    const { query, mutation, subscription } = this.#schema.toConfig();
    return [query, mutation, subscription].some((type) => type?.name === typeName);
  }
}

function inputWithoutArguments(
  coordinate: string,
  source: Parameters<typeof ruleInput>[2],
): { info: unknown } {
  try {
    return ruleInput(coordinate, undefined, source);
  } catch {
    // an argument without which the field cannot be asked
    return { info: { fieldName: coordinate.split('.')[1] } };
  }
}

function all(verdicts: readonly MaybePromise<Verdict>[]): MaybePromise<readonly Verdict[]> {
  return verdicts.some((verdict) => verdict instanceof Promise)
    ? Promise.all(verdicts)
    : (verdicts as readonly Verdict[]);
}

function isUnreadable(verdict: Verdict): boolean {
  return verdict instanceof Fault && verdict.cause instanceof UnreadableError;
}

type TypeDefinition = Extract<DefinitionNode, { readonly name: unknown }> & {
  readonly fields?: readonly { readonly name: { readonly value: string } }[];
};

function schemaWithout(
  hidden: ReadonlySet<string>,
  schema: GraphQLSchema,
  document: DocumentNode,
): GraphQLSchema {
  const isHidden = (typeName: string, fieldName: string): boolean => {
    const type = schema.getType(typeName);
    if (!isAbstractType(type)) return hidden.has(`${typeName}.${fieldName}`);
    // an interface has a field when each of its types has it, but for types that are not there themselves
    const visible = schema.getPossibleTypes(type).filter(({ name }) => !isEmpty(name));
    return visible.length === 0 || visible.some(({ name }) => isHidden(name, fieldName));
  };
  const isEmpty = (typeName: string): boolean => {
    const type = schema.getType(typeName);
    return isObjectType(type) && Object.keys(type.getFields()).every((field) => isHidden(typeName, field));
  };
  let definitions = document.definitions.map((definition) =>
    withFields(definition, (typeName, { name }) => !isHidden(typeName, name.value)),
  );
  // a type without fields is none, and neither is a field that returns one
  const roots = rootNames(schema);
  for (;;) {
    const empty = new Set(
      definitions.flatMap((each) =>
        isFieldsType(each) && (each.fields ?? []).length === 0 && !roots.includes(each.name.value)
          ? [each.name.value]
          : [],
      ),
    );
    if (empty.size === 0) break;
    definitions = definitions
      .filter((each) => !(isFieldsType(each) && empty.has(each.name.value)))
      .map((each) => withFields(withoutNames(each, empty), (_type, { type }) => !empty.has(namedType(type))));
  }
  const before = reachable(document.definitions, roots);
  const after = reachable(definitions, roots);
  const kept = definitions.filter((each) => {
    const name = 'name' in each ? each.name?.value : undefined;
    return (
      name === undefined || each.kind === Kind.DIRECTIVE_DEFINITION || !before.has(name) || after.has(name)
    );
  });
  return buildASTSchema(
    { kind: Kind.DOCUMENT, definitions: kept },
    { assumeValid: true, assumeValidSDL: true },
  );
}

function rootNames(schema: GraphQLSchema): string[] {
  const { query, mutation, subscription } = schema.toConfig();
  return [query, mutation, subscription].flatMap((type) => type?.name ?? []);
}

function isFieldsType(
  definition: DefinitionNode,
): definition is DefinitionNode & { kind: Kind.OBJECT_TYPE_DEFINITION | Kind.INTERFACE_TYPE_DEFINITION } {
  return (
    definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION
  );
}

function withFields(
  definition: DefinitionNode,
  isKept: (typeName: string, field: FieldDefinitionNode) => boolean,
): DefinitionNode {
  if (!isFieldsType(definition)) return definition;
  return {
    ...definition,
    fields: definition.fields?.filter((field) => isKept(definition.name.value, field)),
  };
}

function withoutNames(definition: DefinitionNode, gone: ReadonlySet<string>): DefinitionNode {
  if (definition.kind === Kind.UNION_TYPE_DEFINITION) {
    return { ...definition, types: definition.types?.filter(({ name }) => !gone.has(name.value)) };
  }
  if (!isFieldsType(definition)) return definition;
  return { ...definition, interfaces: definition.interfaces?.filter(({ name }) => !gone.has(name.value)) };
}

/** Names of the types that the root types lead to. */
function reachable(definitions: readonly DefinitionNode[], roots: readonly string[]): ReadonlySet<string> {
  const byName = new Map<string, TypeDefinition>();
  const implementors = new Map<string, string[]>();
  for (const definition of definitions) {
    if (
      !('name' in definition) ||
      definition.kind === Kind.DIRECTIVE_DEFINITION ||
      definition.name === undefined
    )
      continue;
    byName.set(definition.name.value, definition as TypeDefinition);
    for (const { name } of isFieldsType(definition) ? (definition.interfaces ?? []) : []) {
      implementors.set(name.value, [...(implementors.get(name.value) ?? []), definition.name.value]);
    }
  }
  const found = new Set<string>();
  const todo = [...roots];
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    const definition = byName.get(name) as DefinitionNode | undefined;
    todo.push(...(implementors.get(name) ?? []));
    if (definition === undefined) continue;
    if (definition.kind === Kind.UNION_TYPE_DEFINITION) {
      todo.push(...(definition.types ?? []).map((type) => type.name.value));
    }
    if (isFieldsType(definition)) {
      todo.push(...(definition.interfaces ?? []).map((type) => type.name.value));
      for (const field of definition.fields ?? []) {
        todo.push(namedType(field.type), ...(field.arguments ?? []).map(({ type }) => namedType(type)));
      }
    }
    if (definition.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) {
      todo.push(...(definition.fields ?? []).map(({ type }) => namedType(type)));
    }
  }
  return found;
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}
