import { type ExecutionResult, execute, type GraphQLSchema } from 'graphql';
import { Entity, type GraphData } from './graphData.ts';
import { fieldOf } from './graphModel.ts';
import type { OperationCase } from './operationCase.ts';

/**
 * The right answer: graphql-js on one schema, the API schema, over the same data. No subgraphs, no plans, no merging.
 */
export function oracleAnswer(
  apiSchema: GraphQLSchema,
  data: GraphData,
  operation: OperationCase,
): ExecutionResult {
  return execute({
    schema: apiSchema,
    document: operation.document,
    variableValues: operation.variables,
    fieldResolver: (parent, args, _context, { fieldName, parentType }) => {
      const object = parent instanceof Entity ? parent : new Entity(parentType.name, parentType.name);
      const located = fieldOf(data.model, object.typeName, fieldName);
      if (located === undefined) throw new Error(`No field ${parentType.name}.${fieldName}`);
      return data.resolve(located, object, args);
    },
    typeResolver: (value) => (value as Entity).typeName,
  }) as ExecutionResult;
}
