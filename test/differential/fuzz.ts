import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { enginesUnderTest } from './enginesUnderTest.ts';
import { failureText, storedCase } from './reportFailure.ts';
import { runSeeds } from './runSeeds.ts';
import { shrinkCase, signOf } from './shrinkCase.ts';
import { SubgraphServer } from './subgraphServer.ts';

/**
 * The long run: `node --import tsx test/differential/fuzz.ts --cases 20000 --seed 1 --engine compiled`.
 *
 * Every kind of failure is shrunk and printed once; with `--save <folder>` it is also written there as JSON, ready to be
 * put into `found/`. Ends with status 1 when anything failed.
 */
const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '5000' },
    /** Random without it; printed either way. */
    seed: { type: 'string' },
    engine: { type: 'string' },
    save: { type: 'string' },
    /** Failures of one kind that are shrunk. */
    each: { type: 'string', default: '1' },
    /** Known differences are failures too. */
    strict: { type: 'boolean', default: false },
    /** A file that holds the seed that runs, for a case that ends the process. */
    trace: { type: 'string' },
    'shrink-ms': { type: 'string', default: '20000' },
  },
});
const engines = enginesUnderTest.filter(({ name }) => values.engine === undefined || name === values.engine);
if (engines.length === 0) {
  throw new Error(
    `--engine is one of ${enginesUnderTest.map(({ name }) => name).join(', ')}, not ${values.engine}`,
  );
}
const firstSeed = values.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(values.seed);
console.log(
  `seed ${firstSeed}, ${values.cases} cases, engines ${engines.map(({ name }) => name).join(' and ')}`,
);

const server = new SubgraphServer();
await server.listen();
const signs = new Map<string, number>();
const started = performance.now();
const summary = await runSeeds({
  server,
  engines,
  firstSeed,
  cases: Number(values.cases),
  isStrict: values.strict,
  onCase: (seed) => {
    if (values.trace !== undefined) writeFileSync(values.trace, `${seed}\n`);
  },
  onFailure: async (failure, seed) => {
    const sign = `${failure.outcome.engine} ${signOf(failure.outcome)}`;
    const count = (signs.get(sign) ?? 0) + 1;
    signs.set(sign, count);
    const engine = engines.find(({ name }) => name === failure.outcome.engine);
    if (count > Number(values.each) || engine === undefined) return true;
    const smallest = await shrinkCase(failure, { server, engine, budgetMs: Number(values['shrink-ms']) });
    console.log(`\n${'='.repeat(100)}\n${failureText(smallest, seed)}\n`);
    if (values.save !== undefined) {
      mkdirSync(values.save, { recursive: true });
      const file = `${values.save}/${failure.outcome.engine}-${seed}.json`;
      writeFileSync(file, `${JSON.stringify(storedCase(smallest, sign), undefined, 2)}\n`);
    }
    return true;
  },
});
await server.close();

const seconds = (performance.now() - started) / 1000;
console.log(`${summary.cases} cases over ${summary.graphs} graphs (${summary.refused} more did not compose)`);
console.log(`${seconds.toFixed(1)} s, ${(summary.cases / seconds).toFixed(1)} cases per second`);
console.log('per 1000 cases:', Object.fromEntries(summary.features.perThousand()));
console.log('known differences:', Object.fromEntries(summary.known));
console.log('failures by kind:', Object.fromEntries(signs));
process.exitCode = summary.failed > 0 ? 1 : 0;
