import { Kind, parse, print, visit } from 'graphql';
import { type ApolloFetch, type ApolloPlanNode, type ApolloSelection, apolloPlanOf } from './apolloPlan.ts';
import type { QueryPlan } from './queryPlan.ts';

/**
 * A plan as text, in the form that `@apollo/query-planner` prints (`prettyFormatQueryPlan`) and that Apollo Sandbox shows:
 *
 *     QueryPlan {
 *       Fetch(service: "products") {
 *         {
 *           topProducts {
 *             name
 *           }
 *         }
 *       },
 *     }
 */
export function printPlan(plan: QueryPlan): string {
  const { node } = apolloPlanOf(plan);
  return node === undefined ? 'QueryPlan {}' : `QueryPlan {\n${indent(printNode(node))},\n}`;
}

function printNode(node: ApolloPlanNode): string {
  switch (node.kind) {
    case 'Sequence':
    case 'Parallel':
      return `${node.kind} {\n${node.nodes.map((child) => `${indent(printNode(child))},\n`).join('')}}`;
    case 'Condition':
      return printCondition(node);
    case 'Flatten': {
      const places = node.node.entityBatch?.aliases.flatMap(({ paths }) => paths) ?? [node.path];
      const text = places.map((path) => JSON.stringify(path.join('.'))).join(', ');
      return `Flatten(path: ${text}) {\n${indent(printNode(node.node))},\n}`;
    }
    case 'Fetch':
      return `Fetch(service: ${JSON.stringify(node.serviceName)}) {\n${indent(printFetch(node))}\n}`;
    default:
      return node satisfies never;
  }
}

function printCondition({ condition, ifClause, elseClause }: ApolloPlanNode & { kind: 'Condition' }): string {
  if (ifClause !== undefined && elseClause !== undefined) {
    const clauses = `Then {\n${indent(printNode(ifClause))}\n} Else {\n${indent(printNode(elseClause))}\n}`;
    return `Condition(if: $${condition}) {\n${indent(clauses)}\n}`;
  }
  const clause = ifClause ?? elseClause;
  const title = ifClause === undefined ? 'Skip' : 'Include';
  return `${title}(if: $${condition}) {\n${clause === undefined ? '' : indent(printNode(clause))}\n}`;
}

function printFetch({ requires, operation, entityBatch }: ApolloFetch): string {
  const text = printOperation(operation);
  if (entityBatch !== undefined) {
    const lookups = entityBatch.aliases.map(
      ({ alias, requires: required }) => `${alias} ${printSelections(required)} =>\n`,
    );
    return lookups.join('') + text;
  }
  return requires === undefined ? text : `${printSelections(requires)} =>\n${text}`;
}

/** The selections alone; of a fetch of entities, what is asked for of them. */
function printOperation(operation: string): string {
  return print(
    visit(parse(operation, { noLocation: true }), {
      OperationDefinition: ({ operation: kind, selectionSet }) => {
        const [first, second] = selectionSet.selections;
        const isOfEntities =
          kind === 'query' &&
          second === undefined &&
          first?.kind === Kind.FIELD &&
          first.name.value === '_entities';
        return (isOfEntities ? first.selectionSet : undefined) ?? selectionSet;
      },
    }),
  );
}

function printSelections(selections: readonly ApolloSelection[]): string {
  return selections.length === 0 ? '{}' : `{\n${indent(selections.map(printSelection).join('\n'))}\n}`;
}

function printSelection(selection: ApolloSelection): string {
  const { selections = [] } = selection;
  const inner = selections.length === 0 ? '' : ` ${printSelections(selections)}`;
  if (selection.kind === 'Field') return selection.name + inner;
  return `...${selection.typeCondition === undefined ? '' : ` on ${selection.typeCondition}`}${inner}`;
}

function indent(text: string): string {
  return text.replaceAll(/^(?!$)/gm, '  ');
}
