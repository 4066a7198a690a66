import {
  type GraphQLArgument,
  GraphQLID,
  type GraphQLInputType,
  type GraphQLOutputType,
  GraphQLString,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isObjectType,
  isSpecifiedScalarType,
  type SelectionSetNode,
} from 'graphql';
import type { PromptProblem } from './promptProblem.ts';
import type { TemplateNode } from './template.ts';

type ValueType = GraphQLInputType | GraphQLOutputType;

/** A template whose every name is bound to a place, so that rendering looks nothing up. */
export type BoundNode =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'value';
      readonly from: Source;
      readonly path: readonly string[];
      readonly isFenced: boolean;
    }
  | {
      readonly kind: 'section';
      readonly from: Source;
      readonly path: readonly string[];
      readonly children: readonly BoundNode[];
    };

/** The arguments, or the scope that is so many sections up. */
export type Source = { readonly kind: 'args' } | { readonly kind: 'scope'; readonly level: number };

export interface TemplateScope {
  readonly args: readonly GraphQLArgument[];
  /** The type that the field stands on; null for a root type, which has no fields to use. */
  readonly parent: GraphQLOutputType | null;
  /** What `@key` and `@requires` bring of it. */
  readonly available: SelectionSetNode | null;
}

/** One level of names: the parent, or an item of a list. */
interface Level {
  readonly type: ValueType;
  /** Of a representation: only these fields come. */
  readonly available: SelectionSetNode | null;
}

interface Found {
  readonly from: Source;
  readonly path: readonly string[];
  readonly level: Level;
}

/** Resolves every name of a template against arguments and fields. */
export function bindTemplate(
  nodes: readonly TemplateNode[],
  scope: TemplateScope,
): { readonly nodes: readonly BoundNode[]; readonly problems: readonly Omit<PromptProblem, 'coordinate'>[] } {
  const problems: Omit<PromptProblem, 'coordinate'>[] = [];
  const bindAll = (children: readonly TemplateNode[], levels: readonly Level[]): BoundNode[] =>
    children.flatMap((node): BoundNode[] => {
      if (node.kind === 'text') return [node];
      const found = find(node.path, { scope, levels });
      if ('code' in found) {
        problems.push(found);
        return [];
      }
      const { from, path, level } = found;
      const type = getNullableType(level.type);
      if (node.kind === 'section') {
        const item = isListType(type) ? (type.ofType as ValueType) : level.type;
        const inner = [...levels, { type: item, available: level.available }];
        return [{ kind: 'section', from, path, children: bindAll(node.children, inner) }];
      }
      const leaf = isListType(type) ? getNullableType(type.ofType as ValueType) : type;
      if (!isLeafType(leaf)) {
        const name = node.path.join('.');
        problems.push({
          code: 'PROMPT_TEMPLATE_SYNTAX',
          message: `\`{{${name}}}\` is an object; open it with \`{{#${name}}}\``,
        });
        return [];
      }
      const isPlain =
        isEnumType(leaf) || (isSpecifiedScalarType(leaf) && leaf !== GraphQLString && leaf !== GraphQLID);
      return [{ kind: 'value', from, path, isFenced: !isPlain }];
    });
  // a root type has no values to use; a type without fields keeps the levels counted
  const levels = [{ type: scope.parent ?? GraphQLString, available: scope.available }];
  return { nodes: bindAll(nodes, levels), problems };
}

function find(
  path: readonly string[],
  { scope, levels }: { readonly scope: TemplateScope; readonly levels: readonly Level[] },
): Found | Omit<PromptProblem, 'coordinate'> {
  const [first, ...rest] = path;
  if (first === undefined) {
    const level = levels.at(-1);
    if (level === undefined || levels.length < 2) {
      return { code: 'PROMPT_VARIABLE_UNKNOWN', message: '`{{.}}` stands in no section' };
    }
    return { from: { kind: 'scope', level: levels.length - 1 }, path, level };
  }
  if (first === 'args') {
    const argument = scope.args.find(({ name }) => name === rest[0]);
    if (argument === undefined) return unknown(path, 'no such argument');
    const level = descend({ type: argument.type, available: null }, rest.slice(1));
    return level ? { from: { kind: 'args' }, path: rest, level } : unknown(path, 'no such input field');
  }
  for (let index = levels.length - 1; index >= 0; index -= 1) {
    const level = levels[index];
    if (level === undefined || fieldType(level.type, first) === null) continue;
    const end = descend(level, path);
    if (end) return { from: { kind: 'scope', level: index }, path, level: end };
    if (descend({ ...level, available: null }, path) === null) return unknown(path, 'no such field');
    return {
      code: 'PROMPT_REQUIRES_MISSING',
      message: `\`{{${path.join('.')}}}\` is a field that neither \`@key\` nor \`@requires\` brings`,
    };
  }
  return unknown(path, scope.parent ? 'no argument and no field' : 'no argument; write `args.name`');
}

function unknown(path: readonly string[], why: string): Omit<PromptProblem, 'coordinate'> {
  return { code: 'PROMPT_VARIABLE_UNKNOWN', message: `\`{{${path.join('.')}}}\` is ${why}` };
}

function descend(level: Level, path: readonly string[]): Level | null {
  let at: Level = level;
  for (const name of path) {
    const type = fieldType(at.type, name);
    if (type === null) return null;
    const selected = at.available?.selections.find(
      (selection) => selection.kind === 'Field' && selection.name.value === name,
    );
    if (at.available !== null && selected === undefined) return null;
    const deeper = selected?.kind === 'Field' ? selected.selectionSet : undefined;
    at = { type, available: at.available === null ? null : (deeper ?? null) };
  }
  return at;
}

function fieldType(type: ValueType, name: string): ValueType | null {
  const nullable = getNullableType(type);
  if (!isObjectType(nullable) && !isInputObjectType(nullable)) return null;
  return nullable.getFields()[name]?.type ?? null;
}
