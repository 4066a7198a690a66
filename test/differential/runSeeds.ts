import { CASES_PER_GRAPH, caseOfSeed, graphSeedOf } from './caseOfSeed.ts';
import type { EngineUnderTest } from './enginesUnderTest.ts';
import { FeatureCounts } from './featureCounts.ts';
import { type Case, GraphCase, type Outcome } from './graphCase.ts';
import { knownDifference } from './knownDifferences.ts';
import { randomGraph } from './randomGraph.ts';
import type { Failure } from './shrinkCase.ts';
import type { SubgraphServer } from './subgraphServer.ts';

export interface RunOptions {
  readonly server: SubgraphServer;
  readonly engines: readonly EngineUnderTest[];
  readonly firstSeed: number;
  readonly cases: number;
  /** Nothing is excused: known differences are failures too. */
  readonly isStrict?: boolean;
  /** Called before a case runs, for a run that may end with the process: native code can. */
  readonly onCase?: (seed: number, one: Case, graph: GraphCase) => void;
  /** Called for every difference that nothing excuses; `false` ends the run. */
  readonly onFailure: (failure: Failure, seed: number) => Promise<boolean> | boolean;
}

export interface RunSummary {
  cases: number;
  graphs: number;
  /** Graphs that composition refused; their seeds are passed over. */
  refused: number;
  failed: number;
  /** Excused cases by engine and name of the known difference. */
  readonly known: Map<string, number>;
  readonly features: FeatureCounts;
}

/** Runs the cases of consecutive seeds, and compares every answer with the oracle's. */
export async function runSeeds(options: RunOptions): Promise<RunSummary> {
  const { server, engines, firstSeed, cases, onFailure } = options;
  const summary: RunSummary = {
    cases: 0,
    graphs: 0,
    refused: 0,
    failed: 0,
    known: new Map(),
    features: new FeatureCounts(),
  };
  let seed = firstSeed;
  while (summary.cases < cases) {
    const end = (graphSeedOf(seed) + 1) * CASES_PER_GRAPH;
    const graph = await GraphCase.start(randomGraph(graphSeedOf(seed)), server, engines);
    if (!(graph instanceof GraphCase)) {
      summary.refused++;
      seed = end;
      continue;
    }
    summary.graphs++;
    try {
      for (; seed < end && summary.cases < cases; seed++) {
        const failures = await runSeed(graph, { seed, summary, options });
        for (const failure of failures) if (!(await onFailure(failure, seed))) return summary;
      }
    } finally {
      await graph.close();
    }
  }
  return summary;
}

async function runSeed(
  graph: GraphCase,
  {
    seed,
    summary,
    options,
  }: { readonly seed: number; readonly summary: RunSummary; readonly options: RunOptions },
): Promise<Failure[]> {
  const one = caseOfSeed(graph.apiSchema, seed);
  options.onCase?.(seed, one, graph);
  const outcomes = await graph.run(one);
  summary.cases++;
  const [first] = outcomes;
  if (first !== undefined) summary.features.count({ model: graph.model, case: one, outcome: first });
  const failures = outcomes
    .filter((outcome: Outcome) => outcome.differences.length > 0)
    .map((outcome) => ({ model: graph.model, case: one, outcome }))
    .filter((failure) => {
      const known = options.isStrict ? undefined : knownDifference(failure);
      if (known === undefined) return true;
      const name = `${failure.outcome.engine}: ${known.name}`;
      summary.known.set(name, (summary.known.get(name) ?? 0) + 1);
      return false;
    });
  summary.failed += failures.length > 0 ? 1 : 0;
  return failures;
}
