// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expansions are written so
import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { supergraphOf } from '../support/runningGateway.ts';
import { killServing, removeFolder, type Serving, startServing, writeFile } from './commandHarness.ts';

/** Answers with the header that the settings insert, and operations that ask for `held` when the test says so. */
const held: (() => void)[] = [];
const subgraph = createServer(async (incoming, response) => {
  let body = '';
  for await (const chunk of incoming.setEncoding('utf8')) body += chunk;
  const answer = (field: string): ServerResponse =>
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ data: { [field]: incoming.headers['x-mark'] } }));
  if (!body.includes('held')) {
    answer('x');
    return;
  }
  held.push(() => answer('held'));
  subgraph.emit('held');
});

const settings = (mark: string, more = ''): string =>
  `engine: compiled
traffic_shaping: { all: { deduplicate_query: false, timeout_ms: 100000 }, inbound: { deduplicate_query: false } }
headers: { all: { request: [{ insert: { name: x-mark, value: '${mark}' } }] } }
${more}`;

/** Each request on a connection of its own, which the processes that share the port take in turn. */
function ask({ port }: Serving, query: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const outgoing = request(
      { port, host: '127.0.0.1', path: '/graphql', method: 'POST', agent: false, headers },
      async (response) => {
        let text = '';
        for await (const chunk of response.setEncoding('utf8')) text += chunk;
        resolve(text.trim());
      },
    );
    outgoing.once('error', reject);
    outgoing.end(JSON.stringify({ query }));
  });
}

async function untilAnswered(serving: Serving, answer: string): Promise<void> {
  while ((await ask(serving, '{ x }')) !== answer);
}

let url: string;
beforeAll(async () => {
  await once(subgraph.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(subgraph.address() as AddressInfo).port}/`;
  writeFile('a.graphql', supergraphOf([{ name: 'a', url, sdl: 'type Query { x: String held: String }' }]));
});
afterAll(async () => {
  killServing();
  subgraph.closeAllConnections();
  await new Promise((resolve) => subgraph.close(resolve));
  removeFolder();
});

describe.each([1, 2])('tributary serve --workers %i: other settings', (workers) => {
  const file = `settings-${workers}.yaml`;
  let serving: Serving;
  beforeAll(async () => {
    writeFile(file, settings('one'));
    const args = `--port 0 --supergraph a.graphql --settings ${file} --workers ${workers}`;
    serving = await startServing(args.split(' '));
  }, 60_000);
  afterAll(async () => {
    serving.child.kill('SIGTERM');
    await serving.ended;
  });

  test('are in force when their file changes; no request fails, and one in flight ends by those before', async () => {
    const isHeld = once(subgraph, 'held');
    const slow = ask(serving, '{ held }');
    await isHeld;
    const answers = new Set<string>();
    writeFile(file, settings('two'));
    const askFour = async (): Promise<void> => {
      for (const answer of await Promise.all(Array.from('four', () => ask(serving, '{ x }'))))
        answers.add(answer);
    };
    while (!serving.log.text.includes('the settings have changed')) await askFour();
    for (let count = 0; count < 10; count += 1) await askFour();
    await untilAnswered(serving, '{"data":{"x":"two"}}');
    for (const answer of held.splice(0)) answer();

    expect(await slow).toBe('{"data":{"held":"one"}}');
    expect([...answers].sort()).toEqual(['{"data":{"x":"one"}}', '{"data":{"x":"two"}}']);
  }, 100_000);

  test('that are wrong are refused with their key, and those before stay', async () => {
    const from = serving.log.text.length;
    writeFile(file, settings('three', 'lissten: {}'));
    await serving.log.waitFor(/lissten: is not a setting\\nthe settings before stay in force/, from);
    expect(await ask(serving, '{ x }')).toBe('{"data":{"x":"two"}}');
  });

  test('that need a restart are named, and stay; the others are in force', async () => {
    const from = serving.log.text.length;
    writeFile(
      file,
      settings('four', 'cors: { origins: ["https://a.example"] }\nlimits: { max_body_bytes: 5 }'),
    );
    await serving.log.waitFor(
      /"settings":\["cors","limits\.max_body_bytes"\],"msg":"settings have changed that need/,
      from,
    );
    await serving.log.waitFor(/"msg":"the settings have changed"/, from);
    await untilAnswered(serving, '{"data":{"x":"four"}}');
  }, 60_000);

  test('are read again at SIGHUP: what they expand may have changed', async () => {
    writeFile('mark', 'five');
    const from = serving.log.text.length;
    writeFile(file, settings('${file.mark}'));
    await serving.log.waitFor(/"msg":"the settings have changed"/, from);
    const again = serving.log.text.length;
    writeFile('mark', 'six');
    serving.child.kill('SIGHUP');
    await serving.log.waitFor(/"msg":"the settings have changed"/, again);
    await untilAnswered(serving, '{"data":{"x":"six"}}');
  }, 100_000);
});

describe('tributary serve: settings and supergraph', () => {
  test('come into force both when they change at once', async () => {
    const sdl = (round: number): string =>
      supergraphOf([{ name: 'a', url, sdl: `type Query { x: String round${round}: String }` }]);
    writeFile('both.graphql', sdl(0));
    writeFile('both.yaml', settings('0'));
    const args = '--port 0 --supergraph both.graphql --settings both.yaml';
    const both = await startServing(args.split(' '));
    try {
      for (let round = 1; round <= 4; round += 1) {
        writeFile('both.graphql', sdl(round));
        writeFile('both.yaml', settings(String(round)));
        await untilAnswered(both, `{"data":{"x":"${round}"}}`);
        // refused as long as the schema is the one before
        const isServed = async (): Promise<boolean> =>
          !(await ask(both, `{ round${round} }`)).includes('Cannot query');
        const deadline = performance.now() + 10_000;
        while (!(await isServed()) && performance.now() < deadline);
        expect(await isServed()).toBe(true);
      }
    } finally {
      both.child.kill('SIGTERM');
      await both.ended;
    }
  }, 60_000);
});
