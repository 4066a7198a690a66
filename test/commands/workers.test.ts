import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { canListen } from '../dev/devHarness.ts';
import { supergraphOf } from '../support/runningGateway.ts';
import {
  killServing,
  removeFolder,
  runCommand,
  type Serving,
  startServing,
  writeFile,
} from './commandHarness.ts';

/** Answers `{"data":{"x":1}}` at once, and operations that ask for `held` when the test says so. */
const held: ServerResponse[] = [];
const subgraph = createServer(async (incoming, response) => {
  let body = '';
  for await (const chunk of incoming.setEncoding('utf8')) body += chunk;
  response.setHeader('content-type', 'application/json');
  if (!body.includes('held')) {
    response.end('{"data":{"x":1}}');
    return;
  }
  held.push(response);
  subgraph.emit('held');
});
const url = (): string => `http://127.0.0.1:${(subgraph.address() as AddressInfo).port}/`;
const supergraph = (fields: string): string =>
  supergraphOf([{ name: 'a', url: url(), sdl: `type Query { x: Int held: Int ${fields} }` }]);

/** A start takes seconds, three processes and two planners: the tests of what happens while it serves share one, in order. */
let serving: Serving;

const serve = (args: string, env?: Readonly<Record<string, string>>): Promise<Serving> =>
  startServing(['--port', '0', ...args.split(' ')], env);

/** Throws in whatever process of the gateway gets SIGUSR2. */
const fault = 'data:text/javascript,process.on("SIGUSR2",()=>{throw new Error("out of nowhere")})';
const withFault = { NODE_OPTIONS: `--import ${JSON.stringify(fault)}` };

/** Asks on a connection of its own, which the processes that share the port take in turn. */
function ask({ port }: Pick<Serving, 'port'>, query: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        port,
        host: '127.0.0.1',
        path: '/graphql',
        method: 'POST',
        agent: false,
        timeout: 10_000,
        headers: { 'content-type': 'application/json' },
      },
      async (response) => {
        let text = '';
        try {
          for await (const chunk of response.setEncoding('utf8')) text += chunk;
          resolve(text.trim());
        } catch (error) {
          reject(error);
        }
      },
    );
    outgoing.once('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.once('error', reject);
    outgoing.end(JSON.stringify({ query }));
  });
}

/** The process of a worker, which the log tells. */
async function pidOf({ log }: Serving, worker: number, from = 0): Promise<number> {
  const [, pid] = await log.waitFor(
    new RegExp(`"worker":${worker},"pid":(\\d+),"msg":"worker listens"`),
    from,
  );
  return Number(pid);
}

const health = async ({ url: origin }: Serving): Promise<unknown> =>
  (await fetch(`${origin}/health/ready`, { headers: { connection: 'close' } })).json();

beforeAll(async () => {
  await once(subgraph.listen(0, '127.0.0.1'), 'listening');
  writeFile('a.graphql', supergraph(''));
  writeFile(
    'settings.yaml',
    `engine: compiled
supergraph: { poll_interval_ms: 50 }
headers: { all: { request: [{ propagate: { matching: 'x-tenant-.*' } }] } }`,
  );
  serving = await serve('--supergraph a.graphql --settings settings.yaml --workers 2', withFault);
}, 60_000);

afterAll(async () => {
  killServing();
  subgraph.closeAllConnections();
  await new Promise((resolve) => subgraph.close(resolve));
  removeFolder();
});

/** A request in each of the two workers, at the same time. */
async function askBoth(): Promise<Promise<string>[]> {
  const answers: Promise<string>[] = [];
  for (const _worker of [1, 2]) {
    const isHeld = once(subgraph, 'held');
    answers.push(ask(serving, '{ held }'));
    await isHeld;
  }
  return answers;
}

const answerHeld = (): void => {
  for (const response of held.splice(0)) response.end('{"data":{"held":1}}');
};

describe('tributary serve --workers: one of them', () => {
  test('killed under load loses the requests that it had, and is replaced', async () => {
    const pid = await pidOf(serving, 1);
    await pidOf(serving, 2);
    expect(await health(serving)).toEqual({ status: 'UP', workers: { up: 2, of: 2 } });
    let isLoaded = true;
    let answered = 0;
    const lost: number[] = [];
    const wrong: string[] = [];
    const load = Array.from({ length: 8 }, async () => {
      while (isLoaded) {
        const startedAt = performance.now();
        await ask(serving, '{ x }').then(
          (answer) => {
            answered += 1;
            if (answer !== '{"data":{"x":1}}') wrong.push(answer);
          },
          () => lost.push(startedAt),
        );
      }
    });
    while (answered < 100) await ask(serving, '{ x }');
    const from = serving.log.text.length;
    process.kill(pid, 'SIGKILL');
    await serving.log.waitFor(new RegExp(`"worker":1,"pid":${pid},"end":"SIGKILL","waitMs":0,`), from);
    const noticedAt = performance.now();
    await pidOf(serving, 1, from);
    isLoaded = false;
    await Promise.all(load);

    // what came after its end was known went to the other
    expect(lost.filter((startedAt) => startedAt > noticedAt)).toEqual([]);
    expect(lost.length).toBeLessThanOrEqual(8);
    expect(wrong).toEqual([]);
    expect(await health(serving)).toEqual({ status: 'UP', workers: { up: 2, of: 2 } });
  }, 60_000);

  test('is ended by an error that nobody caught, and the log has it', async () => {
    const from = serving.log.text.length;
    const pid = await pidOf(serving, 2);
    process.kill(pid, 'SIGUSR2');
    await serving.log.waitFor(new RegExp(`"worker":2,"pid":${pid},"end":1,`), from);
    expect(serving.log.text.slice(from)).toMatch(
      /"level":"fatal".*"worker":2,.*"message":"out of nowhere".*"msg":"a fault ended this process"/,
    );
    expect(await ask(serving, '{ x }')).toBe('{"data":{"x":1}}');
    await pidOf(serving, 2, from);
  });

  test('that gets SIGTERM answers what it has, and is replaced', async () => {
    const from = serving.log.text.length;
    const [, pid] =
      [...serving.log.text.matchAll(/"worker":1,"pid":(\d+),"msg":"worker listens"/g)].at(-1) ?? [];
    const answers = await askBoth();
    process.kill(Number(pid), 'SIGTERM');
    // it takes no more connections, and the other does
    await ask(serving, '{ x }');
    answerHeld();
    expect(await Promise.all(answers)).toEqual(answers.map(() => '{"data":{"held":1}}'));
    await serving.log.waitFor(/"end":0,.*"msg":"a worker has drained; another takes its place"/, from);
    await pidOf(serving, 1, from);
  });
});

describe('tributary serve --workers: the supergraph', () => {
  const fields = '{ __type(name: "Query") { fields { name } } }';
  const fresh = '{"data":{"__type":{"fields":[{"name":"x"},{"name":"held"},{"name":"fresh"}]}}}';
  const answers = async (): Promise<Set<string>> =>
    new Set(await Promise.all(Array.from({ length: 6 }, () => ask(serving, fields))));

  test('is swapped in every worker', async () => {
    const from = serving.log.text.length;
    writeFile('a.graphql', supergraph('fresh: Int'));
    for (const worker of [1, 2]) {
      await serving.log.waitFor(new RegExp(`"worker":${worker},.*"msg":"supergraph swapped"`), from);
    }
    expect(await answers()).toEqual(new Set([fresh]));
  });

  test('is put in force by none when it is not valid', async () => {
    const from = serving.log.text.length;
    writeFile('a.graphql', 'type Query { x: Int }');
    await serving.log.waitFor(/the supergraph before it stays in force/, from);
    expect(await answers()).toEqual(new Set([fresh]));
  });
});

describe('tributary serve --workers: start and end', () => {
  test('SIGTERM answers what is in flight in all, frees the port, and ends with 0', async () => {
    const inFlight = await askBoth();
    serving.child.kill('SIGTERM');
    await serving.log.waitFor(/"msg":"draining"/);
    answerHeld();
    expect(await Promise.all(inFlight)).toEqual(inFlight.map(() => '{"data":{"held":1}}'));
    expect(await serving.ended).toEqual([0, null]);
    expect(await canListen(serving.port)).toBe(true);
  });

  test('a taken port ends all with exit code 5, and a wrong supergraph with 4', async () => {
    const other = createTcpServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    writeFile('b.graphql', supergraph(''));
    writeFile('none.graphql', 'type Query { a: Int }');
    const [taken, none] = await Promise.all([
      runCommand(`serve --supergraph b.graphql --workers 2 --port ${port}`),
      runCommand('serve --supergraph none.graphql --workers 2 --port 0'),
    ]);
    other.close();
    expect([taken.code, none.code]).toEqual([5, 4]);
    expect(taken.stderr).toBe(
      `Port ${port} on 127.0.0.1 is taken by another process; stop it, or choose a port with --port or PORT.\n`,
    );
  }, 60_000);

  test('a number of workers that is none is refused', async () => {
    const refused = await Promise.all([
      runCommand('serve --workers 0'),
      runCommand('serve', { env: { TRIBUTARY_WORKERS: 'many' } }),
    ]);
    expect(refused.map(({ code }) => code)).toEqual([2, 3]);
  });
});

describe('tributary serve: with one process', () => {
  test('an error that nobody caught ends it with 1, and the log has it', async () => {
    writeFile('b.graphql', supergraph(''));
    const one = await serve('--supergraph b.graphql', withFault);
    one.child.kill('SIGUSR2');
    expect(await one.ended).toEqual([1, null]);
    expect(one.log.text).toMatch(/"level":"fatal".*"message":"out of nowhere"/);
  }, 60_000);
});
