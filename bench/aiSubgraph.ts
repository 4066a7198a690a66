import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { loaderFor } from './gateways.ts';
import {
  chooseCores,
  cpuMsOfTree,
  endAll,
  firstMessage,
  peakMegabytesOfTree,
  startProgram,
} from './processes.ts';

/*
 * `node --import tsx bench/aiSubgraph.ts`: what the AI subgraph costs beside the provider: processor time and delay of a
 * call, 200 streams at once, and how it answers others while its small models work. The provider is a server in this
 * process that answers at once. About half a minute.
 */

const calls = 1_000;
const concurrency = 16;
const streams = 200;
const deltas = 50;
const deltaEveryMs = 20;

const root = path.resolve(import.meta.dirname, '..');
const folder = mkdtempSync(path.join(tmpdir(), 'tributary-bench-'));
process.on('exit', () => {
  endAll();
  rmSync(folder, { recursive: true, force: true });
});

async function startProvider(): Promise<{ readonly server: Server; readonly origin: string }> {
  const usage = { prompt_tokens: 20, completion_tokens: 10, total_tokens: 30 };
  const head = { id: 'x', created: 0, model: 'm' };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      const { stream } = JSON.parse(Buffer.concat(chunks).toString()) as { stream?: boolean };
      if (stream !== true) {
        const message = { role: 'assistant', content: 'An answer of a few words.' };
        response.setHeader('content-type', 'application/json');
        response.end(
          JSON.stringify({ ...head, choices: [{ index: 0, message, finish_reason: 'stop' }], usage }),
        );
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      let left = deltas;
      const send = (value: object): void =>
        void response.write(`data: ${JSON.stringify({ ...head, ...value })}\n\n`);
      const timer = setInterval(() => {
        if (left > 0) {
          // the time at which it was written, so that the reader knows how late it came
          const content = `${performance.timeOrigin + performance.now()} `;
          send({ choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: null }] });
          left -= 1;
          return;
        }
        clearInterval(timer);
        send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
        send({ choices: [], usage });
        response.end('data: [DONE]\n\n');
      }, deltaEveryMs);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const { server, origin } = await startProvider();
writeFileSync(
  path.join(folder, 'models.yaml'),
  `providers: { fake: { kind: compatible, base_url: "${origin}/v1" } }
models: { fake/m: { price: { input: 1, output: 1 } } }
aliases:
  default: { targets: [fake/m] }
  fast: { targets: [fake/m] }
  embedding: { kind: embedding, targets: [local/universal-sentence-encoder-lite] }
budgets: [{ tenant: "*", window: DAY, limit_usd: 1000 }]
limits: { in_flight: 1000 }`,
);
const program = startProgram({
  args: [...loaderFor('.ts'), path.join(root, 'subgraphs/ai/subgraph.ts')],
  core: chooseCores().gateway,
  env: {
    PORT: '0',
    DATA_DIR: folder,
    LOG_LEVEL: 'warn',
    // nobody sends the header: all calls are anonymous
    PRINCIPAL_SECRET: 'a secret that this benchmark never uses',
    AI_MODELS_FILE: path.join(folder, 'models.yaml'),
    AI_WATCH: 'false',
  },
});
const { port } = (await firstMessage(program)) as { port: number };
const url = `http://127.0.0.1:${port}`;

async function ask(query: string): Promise<number> {
  const startedAt = performance.now();
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const answer = (await response.json()) as { errors?: unknown };
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return performance.now() - startedAt;
}

async function askProvider(): Promise<number> {
  const startedAt = performance.now();
  const response = await fetch(`${origin}/v1/chat/completions`, { method: 'POST', body: '{"messages":[]}' });
  await response.json();
  return performance.now() - startedAt;
}

/** Runs `work` so many times, `width` of them at once. @returns the times, and the subgraph's processor time for one */
async function measure(work: () => Promise<number>, width: number, count: number) {
  const times: number[] = [];
  let left = count;
  const before = cpuMsOfTree(program.pid);
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (left > 0) {
        left -= 1;
        times.push(await work());
      }
    }),
  );
  return { times, cpuMs: (cpuMsOfTree(program.pid) - before) / count };
}

function quantile(times: readonly number[], part: number): number {
  const sorted = [...times].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}
const ms = (value: number): string => `${value.toFixed(2)} ms`;

const complete =
  '{ complete(input: { prompt: "What is federation?" }) { text usage { total } cost { usd } } }';
const plain = '{ __typename }';
await measure(() => ask(complete), concurrency, 500);
await measure(() => ask(plain), concurrency, 500);

const floor = await measure(() => ask(plain), concurrency, calls);
const whole = await measure(() => ask(complete), concurrency, calls);
console.log(`a call: ${ms(whole.cpuMs)} of CPU, of that ${ms(floor.cpuMs)} for an empty GraphQL request`);
const alone = await measure(() => ask(complete), 1, 200);
const direct = await measure(askProvider, 1, 200);
console.log(
  `one after another: ${ms(quantile(alone.times, 0.5))} a call (p50), the provider alone ${ms(quantile(direct.times, 0.5))}`,
);

const subscription =
  'subscription { completeStream(input: { prompt: "Hi" }) { ... on AiDelta { text } ... on AiStreamEnd { completion { usage { output } } } } }';

/** @returns how late each delta came */
async function readStream(): Promise<number[]> {
  const response = await fetch(`${url}/graphql/stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: subscription }),
  });
  const late: number[] = [];
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    const now = performance.timeOrigin + performance.now();
    text += decoder.decode(chunk, { stream: true });
    for (const [, sent] of text.matchAll(/"text":"([\d.]+) "/g)) late.push(now - Number(sent));
    text = text.slice(text.lastIndexOf('\n') + 1);
  }
  return late;
}
const before = cpuMsOfTree(program.pid);
const late = (await Promise.all(Array.from({ length: streams }, readStream))).flat();
const streamCpuMs = (cpuMsOfTree(program.pid) - before) / streams;
if (late.length !== streams * deltas) throw new Error(`${late.length} deltas came of ${streams * deltas}`);
console.log(
  `${streams} streams of ${deltas} deltas: all came, ${ms(quantile(late, 0.5))} late (p50), ${ms(quantile(late, 0.99))} (p99); ${ms(streamCpuMs)} of CPU a stream`,
);

const documents = Array.from(
  { length: 100 },
  (_, index) => `Document ${index} is about parcels, refunds and opening hours.`,
);
const rank = `{ rank(query: "Where is my parcel?", documents: ${JSON.stringify(documents)}, first: 3) { index } }`;
await ask(rank);
let isBusy = true;
const ranked = measure(() => ask(rank), 2, 10).finally(() => {
  isBusy = false;
});
const answers: number[] = [];
while (isBusy) {
  answers.push(await ask(plain));
  await wait(2);
}
const { times } = await ranked;
console.log(
  `100 documents ranked by the local model: ${ms(quantile(times, 0.5))} (p50); meanwhile others waited ${ms(quantile(answers, 0.5))} (p50), ${ms(Math.max(...answers))} at most`,
);
console.log(`peak memory ${peakMegabytesOfTree(program.pid).toFixed(0)} MB`);
await program.stop();
server.closeAllConnections();
server.close();
