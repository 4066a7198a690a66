/**
 * A program: `node --import tsx bench/memory.ts [--seconds 300] [--main gateway/main.ts]`. Loads our gateway with a mix of
 * operations and prints what it holds while time passes, and how that grows after the warm-up. Memory that is flat shows that caches
 * are bounded and nothing is kept of a request.
 *
 * It begins with texts that never came before, each with a plan of its own, until the caches are full. Then comes the mix: heavy and
 * light operations, one in twenty with a new text, one in fifty that is refused, one in fifty whose client leaves at once.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client } from 'undici';
import { diagnose, diagnosedArguments, slopeOf } from './diagnose.ts';
import { fixtureSupergraph } from './fixture.ts';
import { loaderFor, startGateway } from './gateways.ts';
import { operationFile } from './options.ts';
import { chooseCores, endAll, firstMessage, megabytesOfTree, startProgram } from './processes.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    main: { type: 'string', default: path.resolve(import.meta.dirname, '../dist/gateway/main.js') },
    connections: { type: 'string', default: '20' },
    // the default of `query_planning.max_cache_bytes`
    'plan-cache-bytes': { type: 'string', default: '100000000' },
    // enough to fill every cache of texts and plans
    'warm-up-texts': { type: 'string', default: '30000' },
    'heap-snapshot': { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const folder = mkdtempSync(path.join(tmpdir(), 'tributary-memory-'));
process.on('exit', () => {
  endAll();
  rmSync(folder, { recursive: true, force: true });
});

const cores = chooseCores();
const subgraphs = startProgram({
  args: [...loaderFor('.ts'), path.join(import.meta.dirname, 'subgraphs.ts')],
  core: cores.subgraphs,
});
const { port: subgraphsPort } = (await firstMessage(subgraphs)) as { port: number };
const supergraph = path.join(folder, 'supergraph.graphql');
writeFileSync(supergraph, fixtureSupergraph(subgraphsPort));
const gateway = await startGateway('tributary', {
  supergraph,
  folder,
  main: path.resolve(values.main),
  core: cores.gateway,
  subgraphsPort,
  sharesInbound: false,
  isGuarded: false,
  isShaped: false,
  engine: undefined,
  profileFolder: undefined,
  nodeArguments: diagnosedArguments,
  settings: `query_planning:\n  max_cache_bytes: ${values['plan-cache-bytes']}\n`,
});

const heavy = readFileSync(operationFile('everything'), 'utf8');
const light = readFileSync(operationFile('light'), 'utf8');
const warmUpTexts = Number(values['warm-up-texts']);
let sent = 0;
let answered = 0;
let newTexts = 0;
const bodyOf = (number: number): string => {
  if (number <= warmUpTexts || number % 20 === 0) {
    newTexts += 1;
    return JSON.stringify({ query: `{ users { id n${number}: name reviews { id } } }` });
  }
  if (number % 50 === 1) return JSON.stringify({ query: '{ users { noSuchField } }' });
  return JSON.stringify({ query: number % 3 === 0 ? heavy : light });
};

let isOver = false;
const loops = Array.from({ length: Number(values.connections) }, async () => {
  let client = new Client(gateway.origin);
  while (!isOver) {
    const number = sent++;
    const leaves = number > warmUpTexts && number % 50 === 2;
    try {
      const { body } = await client.request({
        path: gateway.path,
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer request-${number}` },
        body: bodyOf(number),
        ...(leaves ? { signal: AbortSignal.timeout(2) } : {}),
      });
      await body.dump();
      answered += 1;
    } catch (error) {
      if (!leaves) throw error;
      await client.destroy().catch(() => {});
      client = new Client(gateway.origin);
    }
  }
  await client.close();
});

while (sent < warmUpTexts) await pause(100);
const megabyte = 1_000_000;
const samples: { readonly minute: number; readonly heap: number; readonly rss: number }[] = [];
const startedAt = performance.now();
const every = Math.max(1, seconds / 30);
while (performance.now() - startedAt < seconds * 1000) {
  await pause(every * 1000);
  const minute = (performance.now() - startedAt) / 60_000;
  const { heapUsed, external } = await diagnose(gateway.program);
  const sample = {
    minute,
    heap: (heapUsed + external) / megabyte,
    rss: megabytesOfTree(gateway.program.pid),
  };
  samples.push(sample);
  process.stdout.write(
    `${(minute * 60).toFixed(0).padStart(5)} s  live ${sample.heap.toFixed(1).padStart(6)} MB  resident ${sample.rss.toFixed(0).padStart(5)} MB  ${answered} answers, ${newTexts} of new texts\n`,
  );
}
isOver = true;
await Promise.all(loops);
if (values['heap-snapshot'] !== undefined) await diagnose(gateway.program, values['heap-snapshot']);
// the heap finds its size in the first half
const later = samples.slice(Math.floor(samples.length / 2));
const growth = (of: 'heap' | 'rss'): string =>
  slopeOf(later.map((sample) => ({ minute: sample.minute, value: sample[of] }))).toFixed(2);
process.stdout.write(
  `\ngrowth in the second half: live ${growth('heap')} MB a minute, resident ${growth('rss')} MB a minute\n`,
);
await gateway.program.stop();
await subgraphs.stop();
