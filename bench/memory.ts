/**
 * A program: `node --import tsx bench/memory.ts [--seconds 300] [--main gateway/main.ts]`. Loads our gateway with a mix of
 * operations and prints what it holds while time passes, and how that grows after the warm-up. Memory that is flat shows that caches
 * are bounded and nothing is kept of a request.
 *
 * The mix: heavy and light operations, one in twenty with a text that never came before (a plan of its own), one in fifty that
 * is refused, one in fifty whose client leaves at once.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client } from 'undici';
import { fixtureSupergraph } from './fixture.ts';
import { loaderFor, startGateway } from './gateways.ts';
import { operationFile } from './options.ts';
import { chooseCores, endAll, firstMessage, megabytesOfTree, startProgram } from './processes.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    main: { type: 'string', default: path.resolve(import.meta.dirname, '../dist/gateway/main.js') },
    connections: { type: 'string', default: '20' },
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
  engine: undefined,
  profileFolder: undefined,
});

const heavy = readFileSync(operationFile('everything'), 'utf8');
const light = readFileSync(operationFile('light'), 'utf8');
let sent = 0;
let answered = 0;
const bodyOf = (number: number): string => {
  if (number % 20 === 0) return JSON.stringify({ query: `{ users { id n${number}: name reviews { id } } }` });
  if (number % 50 === 1) return JSON.stringify({ query: '{ users { noSuchField } }' });
  return JSON.stringify({ query: number % 3 === 0 ? heavy : light });
};

let isOver = false;
const loops = Array.from({ length: Number(values.connections) }, async () => {
  let client = new Client(gateway.origin);
  while (!isOver) {
    const number = sent++;
    const leaves = number % 50 === 2;
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

const samples: { readonly minute: number; readonly megabytes: number }[] = [];
const startedAt = performance.now();
const every = Math.max(1, seconds / 30);
while (performance.now() - startedAt < seconds * 1000) {
  await pause(every * 1000);
  const minute = (performance.now() - startedAt) / 60_000;
  const megabytes = megabytesOfTree(gateway.program.pid);
  samples.push({ minute, megabytes });
  process.stdout.write(
    `${(minute * 60).toFixed(0).padStart(5)} s  ${megabytes.toFixed(0).padStart(5)} MB  ${answered} answers\n`,
  );
}
isOver = true;
await Promise.all(loops);
// the caches fill and the heap finds its size in the first half
const later = samples.slice(Math.floor(samples.length / 2));
process.stdout.write(`\ngrowth in the second half: ${slopeOf(later).toFixed(2)} MB a minute\n`);
await gateway.program.stop();
await subgraphs.stop();

/** Slope of the line of least squares, MB a minute. */
function slopeOf(points: typeof samples): number {
  const mean = (of: (point: (typeof samples)[number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(({ minute }) => minute), mean(({ megabytes }) => megabytes)];
  const above = points.reduce((sum, { minute, megabytes }) => sum + (minute - x) * (megabytes - y), 0);
  const below = points.reduce((sum, { minute }) => sum + (minute - x) ** 2, 0);
  return below === 0 ? 0 : above / below;
}
