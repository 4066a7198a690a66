import type { Denials } from '../authorize/denials.ts';
import type { ResponseShape } from '../authorize/responseShape.ts';
import { conditionVariables } from '../operation/appliedConditions.ts';
import { compileProjection, type Project, type ProjectionOptions } from '../respond/projection.ts';

/** The projection of an operation, for the values of the variables that its `@skip` and `@include` name. */
export type ProjectionFor = (variables: Readonly<Record<string, unknown>>) => Project;

/** An operation with many conditions has a projection for each set of values that comes; more are compiled and dropped. */
const MAX_PROJECTIONS = 64;

export function projectionsOf(options: Omit<ProjectionOptions, 'conditions'>): ProjectionFor {
  const projections = new Map<string, Project>();
  const conditional = conditionVariables([options.operation, ...options.fragments.values()]);
  return (variables) => {
    const values = conditional.map((name) => variables[name] === true);
    const key = values.join();
    let project = projections.get(key);
    if (project === undefined) {
      const conditions = new Map(conditional.map((name, index) => [name, values[index] ?? false]));
      project = compileProjection({ ...options, conditions });
      if (projections.size < MAX_PROJECTIONS) projections.set(key, project);
    }
    return project;
  };
}

/**
 * Projections of operations of which authorization has cut something out. They belong to what was decided: operations that
 * come to the same plan differ in what they answer in place of what they may not see.
 */
export class ShapedProjections {
  readonly #options: Pick<ProjectionOptions, 'schema' | 'aliases' | 'interfaceObjects' | 'isKnown'>;
  readonly #byDenials = new WeakMap<Denials, ProjectionFor>();

  constructor(options: Pick<ProjectionOptions, 'schema' | 'aliases' | 'interfaceObjects' | 'isKnown'>) {
    this.#options = options;
  }

  of({ operation, fragments, variables, denials }: ResponseShape): Project {
    let projectionFor = this.#byDenials.get(denials);
    if (projectionFor === undefined) {
      projectionFor = projectionsOf({ ...this.#options, operation, fragments, denials });
      this.#byDenials.set(denials, projectionFor);
    }
    return projectionFor(variables);
  }
}
