import type { FetchPath, PlanNode, QueryPlan, RequiresSelection } from './queryPlan.ts';

/**
 * A plan as text, in the form that `@apollo/query-planner` prints and that Apollo Sandbox shows:
 *
 *     QueryPlan {
 *       Fetch(service: "products") {
 *         { topProducts { name } }
 *       },
 *     }
 */
export function printPlan({ root }: QueryPlan): string {
  return root === undefined ? 'QueryPlan {}' : `QueryPlan {\n${indent(printNode(root))}\n}`;
}

function printNode(node: PlanNode): string {
  switch (node.kind) {
    case 'sequence':
      return block('Sequence', node.nodes.map(printNode));
    case 'parallel':
      return block('Parallel', node.nodes.map(printNode));
    case 'condition':
      return [
        ...(node.ifTrue === undefined
          ? []
          : [block(`Include(if: $${node.variable})`, [printNode(node.ifTrue)])]),
        ...(node.ifFalse === undefined
          ? []
          : [block(`Skip(if: $${node.variable})`, [printNode(node.ifFalse)])]),
      ].join('\n');
    case 'root':
      return block(`Fetch(service: ${JSON.stringify(node.subgraph)})`, [node.operation]);
    case 'entities': {
      const fetch = block(`Fetch(service: ${JSON.stringify(node.subgraph)})`, [
        ...node.lookups.map(
          ({ responseKey, requires }) => `${responseKey} { ${requires.map(printRequires).join(' ')} } =>`,
        ),
        node.operation,
      ]);
      const paths = node.lookups.flatMap((lookup) => lookup.paths.map(printPath));
      return block(`Flatten(path: "${paths.join('", "')}")`, [fetch]);
    }
    default:
      return node satisfies never;
  }
}

function printPath(path: FetchPath): string {
  return path
    .map((step) =>
      step.kind === 'field' ? step.name : step.kind === 'elements' ? '@' : `[${step.types.join('|')}]`,
    )
    .join('.');
}

function printRequires(selection: RequiresSelection): string {
  const inner =
    selection.selections.length === 0 ? '' : ` { ${selection.selections.map(printRequires).join(' ')} }`;
  if (selection.kind === 'fragment')
    return `...${selection.type === undefined ? '' : ` on ${selection.type}`}${inner}`;
  return selection.name + inner;
}

function block(title: string, parts: readonly string[]): string {
  return `${title} {\n${indent(parts.join('\n'))}\n},`;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
