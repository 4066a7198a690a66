import { expect } from '@jest/globals';
import { certificateAuthority } from '../support/certificates.ts';
import { startConsulServer } from '../support/consulServer.ts';
import {
  type FaultHarness,
  type FaultHarnessOptions,
  harnessTimeoutMs,
  type Seen,
  startFaultHarness,
} from './faultHarness.ts';
import { faults } from './faults.ts';
import {
  type AskKind,
  askKinds,
  dataWithout,
  failingResolvers,
  failingSdl,
  operationFor,
  placeOf,
  wholeData,
} from './faultyGraph.ts';
import { type FaultySubgraph, type Misbehave, startFaultySubgraph } from './faultySubgraph.ts';
import type { RowKey } from './operatorTable.ts';

/** What one request to one subgraph does not show: addresses, several requests, several instances, the client. */
export interface Scenario {
  /** A fact in the present tense. */
  readonly name: string;
  /** Of the table for operators in gateway/README.md. */
  readonly row: RowKey;
  /** @param shared a gateway as it is by default; others are started and stopped by the scenario itself */
  run(shared: FaultHarness): Promise<void>;
}

const faultOf = (name: string) => {
  const fault = faults.find((each) => each.name === name);
  if (fault === undefined) throw new Error(`There is no fault "${name}".`);
  return fault;
};
const never = faultOf('never answers');
const reset = faultOf('resets the connection without a byte');

const codesOf = ({ errors }: Seen): unknown[] =>
  errors.map(({ path, extensions }) => [extensions?.code, path]);
const isWhole = (kind: AskKind, { status, data, errors }: Seen): boolean =>
  status === 200 && errors.length === 0 && JSON.stringify(data) === JSON.stringify(wholeData[kind]);

async function withHarness<Result>(
  options: FaultHarnessOptions,
  work: (harness: FaultHarness) => Promise<Result>,
): Promise<Result> {
  const harness = await startFaultHarness(options);
  try {
    return await work(harness);
  } finally {
    await harness.stop();
  }
}

/** Another process of `reviews`. */
async function withInstance<Result>(
  misbehave: () => Misbehave | undefined,
  work: (instance: FaultySubgraph) => Promise<Result>,
): Promise<Result> {
  const instance = await startFaultySubgraph({
    name: 'reviews',
    sdl: failingSdl('reviews'),
    resolvers: failingResolvers('reviews'),
    faultOf: misbehave,
  });
  try {
    return await work(instance);
  } finally {
    await instance.close();
  }
}

async function expectFailure(
  harness: FaultHarness,
  { subgraph, code }: { readonly subgraph: string; readonly code: string },
): Promise<void> {
  for (const kind of askKinds) {
    const seen = await harness.ask(kind, { subgraph });
    expect([seen.status, seen.data, codesOf(seen)]).toEqual([
      200,
      dataWithout[kind],
      [[code, placeOf[kind]]],
    ]);
    expect(seen.text).not.toMatch(/127\.0\.0\.1|ECONN|UND_ERR/);
    expect(seen.logged.map((line) => [line.level, line.code])).toEqual([['warn', code]]);
  }
}

/** Opens with the second failure of two hundred, and asks again soon. */
export const breakerSettings = {
  enabled: true,
  request_threshold: 2,
  error_threshold_percent: 1,
  sleep_window_ms: 700,
  required_successful: 1,
} as const;

/** Without much waiting, and without a bound that tests would meet. */
export const retrySettings = { enabled: true, interval_ms: 1, budget: { min_per_second: 1_000 } } as const;

/** Asks as long as a circuit breaker is open. */
export async function askUntilWhole(harness: FaultHarness): Promise<void> {
  while (!isWhole('root', await harness.ask('root')));
}

/** What a counter has come to in the end, for attributes as they stand in the log's figures. */
async function countOf(harness: FaultHarness, metric: string, attributes: string): Promise<number> {
  await harness.stop();
  const { figures } = harness.log.findLast((line) => line.figures !== undefined) ?? {};
  return figures?.[metric]?.[attributes]?.count ?? 0;
}

/** A client that leaves when its request has reached the subgraph: that ends there, and the log says nothing of a failure. */
async function expectLeaving(harness: FaultHarness): Promise<void> {
  // known by its name from here on
  await harness.ask('root', { fault: never, query: '{ products { upc } }' });
  const asked = harness.reviews.nextRequest();
  const controller = new AbortController();
  const answer = fetch(`${harness.gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-fault': never.name, 'x-request-id': 'leaving' },
    body: JSON.stringify({ query: operationFor('root', 'reviews') }),
    signal: controller.signal,
  });
  const { ended } = await asked;
  const leftAt = performance.now();
  controller.abort();
  await expect(answer).rejects.toThrow();
  expect(await ended).toBe('closed');
  // 200 ms, and what a busy machine adds; the deadline would be later
  expect(performance.now() - leftAt).toBeLessThan(600);
  expect(harness.log.filter(({ requestId, level }) => requestId === 'leaving' && level === 'warn')).toEqual(
    [],
  );
}

/** Not the 99th: clients and subgraphs share this process, and a hundred clients that begin or end at once are a stall in it. */
const percentile90 = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.9)] ?? 0;

export const scenarios: readonly Scenario[] = [
  {
    name: 'an address where nothing listens fails the fetch at once',
    row: 'refused',
    run: (shared) => expectFailure(shared, { subgraph: 'gone', code: 'SUBREQUEST_HTTP_ERROR' }),
  },
  {
    name: 'a host that answers no SYN fails the fetch at its deadline',
    row: 'unreachable',
    run: (shared) => expectFailure(shared, { subgraph: 'silent', code: 'GATEWAY_TIMEOUT' }),
  },
  {
    name: 'a certificate that does not prove who answers fails the fetch, with the reason',
    row: 'certificate',
    async run() {
      const authority = certificateAuthority();
      const shownFor = {
        'the certificate is not trusted': certificateAuthority('Another authority').issue(),
        'the certificate has expired': authority.issue({ notAfter: new Date(Date.now() - 1_000) }),
        'the certificate is for another name': authority.issue({ names: ['elsewhere.test'] }),
      };
      const tls = { all: { certificate_authorities: authority.cert } };
      const expectReason = (reason: string, options: FaultHarnessOptions): Promise<void> =>
        withHarness({ ...options, settings: { tls } }, async (harness) => {
          await expectFailure(harness, { subgraph: 'reviews', code: 'SUBREQUEST_HTTP_ERROR' });
          const { errors, sent } = await harness.ask('root');
          expect([errors[0]?.extensions?.reason, sent]).toEqual([reason, 0]);
        });
      for (const [reason, transport] of Object.entries(shownFor)) await expectReason(reason, { transport });
      // one that does not speak TLS at all closes the connection
      await withHarness({ routingUrl: (url) => url.replace('http:', 'https:') }, (harness) =>
        expectFailure(harness, { subgraph: 'reviews', code: 'SUBREQUEST_HTTP_ERROR' }),
      );
    },
  },
  {
    name: 'a kept connection that is closed costs no query, and no mutation is sent twice',
    row: 'keptConnection',
    // Source: RFC 9112, §9.3.1
    async run(shared) {
      const used = new WeakSet<object>();
      const fault = {
        name: 'closes connections that it has answered on',
        misbehave: (async ({ socket, response, rightAnswer }) => {
          if (used.has(socket)) {
            socket.destroy();
            return;
          }
          used.add(socket);
          response.setHeader('content-type', 'application/json');
          response.end(JSON.stringify(await rightAnswer()));
        }) satisfies Misbehave,
      };
      for (let asked = 0; asked < 20; asked += 1) {
        const query = await shared.ask('root', { fault });
        expect([query.data, query.errors]).toEqual([wholeData.root, []]);
        expect((await shared.ask('mutation', { fault })).sent).toBe(1);
      }
    },
  },
  {
    name: 'what needs the answer of a subgraph that failed is not asked for',
    row: 'dependent',
    async run(shared) {
      const before = shared.inventory.requests.length;
      const query = '{ items: products { upc rank } }';
      const seen = await shared.ask('entities', { fault: reset, query });
      expect(seen.data).toEqual({
        items: [
          { upc: 'p1', rank: null },
          { upc: 'p2', rank: null },
        ],
      });
      expect(codesOf(seen)).toEqual([['SUBREQUEST_HTTP_ERROR', ['items']]]);
      expect(shared.inventory.requests.length).toBe(before);
    },
  },
  {
    name: 'a dead subgraph takes no more connections than it may, and no time of the others',
    row: 'busy',
    run: () =>
      withHarness({ settings: { traffic_shaping: { all: { max_connections: 4 } } } }, async (harness) => {
        const others = async (): Promise<number> => {
          const times: number[] = [];
          for (let asked = 0; asked < 50; asked += 1) {
            const seen = await harness.ask('root', { query: '{ products { upc } }' });
            expect(seen.errors).toEqual([]);
            times.push(seen.tookMs);
          }
          return percentile90(times);
        };
        await others();
        const quietMs = await others();
        const waiting = Array.from({ length: 100 }, () => harness.ask('root', { fault: never }));
        await harness.reviews.nextRequest();
        const besideMs = await others();
        expect(harness.reviews.connections).toBeLessThanOrEqual(4);
        // twice as long, and what a busy machine adds; were they to wait for it, the deadline would show
        expect(besideMs).toBeLessThan(2 * quietMs + 200);
        const answers = await Promise.all(waiting);
        // who has not come to its turn by then is told so
        const codes = new Set(answers.map((seen) => JSON.stringify(codesOf(seen))));
        for (const code of ['GATEWAY_TIMEOUT', 'REQUEST_CONCURRENCY_LIMITED']) {
          codes.delete(JSON.stringify([[code, ['latest']]]));
        }
        expect([...codes]).toEqual([]);
        expect(isWhole('root', await harness.ask('root'))).toBe(true);
      }),
  },
  {
    name: 'a query is tried again until it is answered, and a mutation is not',
    row: 'retried',
    run: () =>
      withHarness({ settings: { traffic_shaping: { all: { retry: retrySettings } } } }, async (harness) => {
        const fault = faultOf('answers 500 with text');
        for (const kind of ['root', 'entities'] as const) {
          const seen = await harness.ask(kind, { fault, times: 2 });
          expect([seen.data, seen.errors, seen.sent, seen.logged]).toEqual([wholeData[kind], [], 3, []]);
        }
        const mutation = await harness.ask('mutation', { fault, times: 1 });
        expect([codesOf(mutation), mutation.sent]).toEqual([[['SUBREQUEST_HTTP_ERROR', ['done']]], 1]);
        expect(await countOf(harness, 'tributary.subgraph.retries', 'reviews status')).toBe(4);
      }),
  },
  {
    name: 'no more is tried again than the budget has',
    row: 'retryBudget',
    run: () => {
      const budget = { percent: 0, min_per_second: 1, ttl_ms: 5_000 };
      return withHarness(
        { settings: { traffic_shaping: { all: { retry: { ...retrySettings, max_attempts: 2, budget } } } } },
        async (harness) => {
          const fault = faultOf('answers 500 with text');
          let sent = 0;
          for (let asked = 0; asked < 20; asked += 1) {
            const seen = await harness.ask('root', { fault });
            expect(codesOf(seen)).toEqual([['SUBREQUEST_HTTP_ERROR', ['latest']]]);
            sent += seen.sent;
          }
          // five in five seconds, and one more for what a slow machine takes longer
          expect(sent - 20).toBeGreaterThanOrEqual(5);
          expect(sent - 20).toBeLessThanOrEqual(6);
          const exhausted = 'tributary.subgraph.retry_budget.exhausted';
          expect(await countOf(harness, exhausted, 'reviews')).toBe(40 - sent);
        },
      );
    },
  },
  {
    name: 'a query that is slow is sent a second time, and a mutation is not',
    row: 'hedged',
    run: () =>
      withHarness(
        {
          settings: { traffic_shaping: { all: { hedging: { enabled: true, budget_percent: 100 } } } },
          // until it is known how long an answer takes
          quietAsks: 120,
        },
        async (harness) => {
          for (const kind of ['root', 'entities'] as const) {
            const seen = await harness.ask(kind, { fault: never, times: 1 });
            expect([seen.data, seen.errors, seen.sent, seen.logged]).toEqual([wholeData[kind], [], 2, []]);
            expect(seen.tookMs).toBeLessThan(harnessTimeoutMs);
          }
          const mutation = await harness.ask('mutation', { fault: never, times: 1 });
          expect([codesOf(mutation), mutation.sent]).toEqual([[['GATEWAY_TIMEOUT', ['done']]], 1]);
          expect(await countOf(harness, 'tributary.subgraph.hedging.wins', 'reviews')).toBeGreaterThanOrEqual(
            2,
          );
        },
      ),
  },
  {
    name: 'what is more than may be in flight and wait is refused at once, and not sent',
    row: 'shed',
    run: () =>
      withHarness(
        {
          settings: {
            traffic_shaping: {
              subgraphs: { reviews: { concurrency: { max: 2, max_queue: 2, max_wait_ms: 5_000 } } },
            },
          },
        },
        async (harness) => {
          const asked = Array.from({ length: 10 }, () => harness.ask('root', { fault: never }));
          const answers = await Promise.all(asked);
          const shed = answers.filter(
            (seen) => seen.errors[0]?.extensions?.code === 'REQUEST_CONCURRENCY_LIMITED',
          );
          expect(shed.length).toBe(6);
          for (const seen of shed) {
            expect([seen.status, seen.data, seen.sent]).toEqual([200, dataWithout.root, 0]);
            expect(codesOf(seen)).toEqual([['REQUEST_CONCURRENCY_LIMITED', ['latest']]]);
            expect(seen.tookMs).toBeLessThan(harnessTimeoutMs);
          }
          expect(isWhole('root', await harness.ask('root'))).toBe(true);
          expect(await countOf(harness, 'tributary.subgraph.queue.refused', 'reviews')).toBe(6);
        },
      ),
  },
  {
    name: 'a circuit breaker spares a subgraph that fails, and tries it again',
    row: 'breakerOpen',
    run: () =>
      withHarness(
        { settings: { traffic_shaping: { all: { circuit_breaker: breakerSettings } } } },
        async (harness) => {
          // planned beforehand: all is asked within the sleep window
          for (const kind of askKinds) await harness.ask(kind);
          for (let asked = 0; asked < 2; asked += 1) await harness.ask('root', { fault: reset });
          for (const kind of askKinds) {
            const seen = await harness.ask(kind);
            expect([seen.status, seen.data, seen.sent]).toEqual([200, dataWithout[kind], 0]);
            expect(codesOf(seen)).toEqual([['SUBGRAPH_CIRCUIT_BREAKER_REJECTED', placeOf[kind]]]);
            expect(seen.logged.map((line) => [line.level, line.code])).toEqual([
              ['warn', 'SUBGRAPH_CIRCUIT_BREAKER_REJECTED'],
            ]);
          }
          await askUntilWhole(harness);
          const said = harness.log
            .filter(({ msg }) => msg.startsWith('circuit breaker'))
            .map(({ msg }) => msg.split(':')[0]);
          expect(said).toEqual([
            'circuit breaker open',
            'circuit breaker half open',
            'circuit breaker closed',
          ]);
          const refusals = 'tributary.subgraph.circuit_breaker.short_circuits';
          expect(await countOf(harness, refusals, 'reviews')).toBeGreaterThanOrEqual(3);
        },
      ),
  },
  {
    name: 'a request that takes too long is a 504, and ends its fetches',
    row: 'wholeRequest',
    run: () =>
      withHarness({ settings: { traffic_shaping: { inbound: { timeout_ms: 400 } } } }, async (harness) => {
        const asked = harness.reviews.nextRequest();
        const seen = await harness.ask('root', { fault: never });
        expect([seen.status, codesOf(seen)]).toEqual([504, [['GATEWAY_TIMEOUT', undefined]]]);
        expect(await (await asked).ended).toBe('closed');
        expect(isWhole('root', await harness.ask('root'))).toBe(true);
      }),
  },
  {
    name: 'a client that goes away ends its fetches, and is no failure of a subgraph',
    row: 'clientGone',
    async run(shared) {
      await expectLeaving(shared);
      expect(isWhole('root', await shared.ask('root'))).toBe(true);
    },
  },
  {
    name: 'a client that goes away ends further tries and second calls too',
    row: 'clientGone',
    run: () =>
      withHarness(
        {
          settings: {
            traffic_shaping: {
              all: {
                total_timeout_ms: 20 * harnessTimeoutMs,
                retry: { ...retrySettings, interval_ms: 1_000, max_interval_ms: 1_000 },
                hedging: { enabled: true, budget_percent: 100, min_ms: 1 },
              },
            },
          },
          quietAsks: 120,
        },
        async (harness) => {
          await expectLeaving(harness);
          const before = harness.reviews.requests.length;
          // longer than any pause before another try
          const later = await harness.ask('root', { fault: never, times: 1 });
          expect([isWhole('root', later), harness.reviews.requests.length - before]).toEqual([
            true,
            later.sent,
          ]);
        },
      ),
  },
  {
    name: 'an instance that takes no connection is passed over, for mutations too',
    row: 'refusedInstance',
    run: () =>
      withHarness(
        {
          routingUrl: (url) => `static:http://127.0.0.1:1/graphql,${url}`,
          settings: { discovery: { ejection: { failures: 1_000_000 } } },
        },
        async (harness) => {
          for (let asked = 0; asked < 10; asked += 1) {
            for (const kind of askKinds) {
              const seen = await harness.ask(kind);
              expect([seen.data, seen.errors, seen.sent]).toEqual([wholeData[kind], [], 1]);
            }
          }
        },
      ),
  },
  {
    name: 'an instance that fails in a row is left alone, and taken back when it is well',
    row: 'ejected',
    run: () => {
      const broken = faultOf('answers 500 with text').misbehave;
      let isWell = false;
      return withInstance(
        () => (isWell ? undefined : broken),
        (instance) =>
          withHarness(
            {
              routingUrl: (url) => `static:${url},${instance.url}`,
              settings: { discovery: { ejection: { failures: 3, base_ms: 100 } } },
            },
            async (harness) => {
              const said = (text: string): boolean => harness.log.some(({ msg }) => msg.startsWith(text));
              while (!said('instance ejected')) await harness.ask('root');
              const failures = instance.requests.length;
              expect(failures).toBeGreaterThanOrEqual(3);
              for (let asked = 0; asked < 20; asked += 1) {
                expect(isWhole('root', await harness.ask('root'))).toBe(true);
              }
              // nobody but the probe asks it
              expect(instance.requests.slice(failures).filter(({ body }) => body.includes('Latest'))).toEqual(
                [],
              );
              isWell = true;
              while (!said('instance back')) expect(isWhole('root', await harness.ask('root'))).toBe(true);
              const before = instance.requests.length;
              while (instance.requests.length === before) {
                expect(isWhole('root', await harness.ask('root'))).toBe(true);
              }
              const ejections = 'tributary.subgraph.instances.ejections';
              expect(await countOf(harness, ejections, 'reviews')).toBeGreaterThan(0);
            },
          ),
      );
    },
  },
  {
    name: 'a change of address under load fails no request',
    row: 'moved',
    run: async () => {
      const consul = await startConsulServer();
      const register = (name: string, port: number): void =>
        consul.register({ ID: name, Name: 'reviews', Address: '127.0.0.1', Port: port });
      try {
        await withInstance(
          () => undefined,
          (instance) =>
            withHarness(
              {
                routingUrl: (url) => {
                  register('before', Number(new URL(url).port));
                  return 'consul://reviews/graphql';
                },
                settings: { discovery: { consul: { address: consul.url } } },
              },
              async (harness) => {
                let isOver = false;
                const failed: Seen[] = [];
                const clients = askKinds.map(async (kind) => {
                  while (!isOver) {
                    const seen = await harness.ask(kind);
                    if (!isWhole(kind, seen)) failed.push(seen);
                  }
                });
                await consul.waiting();
                const read = consul.nextRequest('/v1/health');
                register('after', instance.port);
                consul.deregister('before');
                await read;
                while (instance.requests.length < 20) await harness.ask('root');
                isOver = true;
                await Promise.all(clients);
                const last = harness.reviews.requests.length;
                for (const kind of askKinds) expect(isWhole(kind, await harness.ask(kind))).toBe(true);
                expect([failed, harness.reviews.requests.length]).toEqual([[], last]);
              },
            ),
        );
      } finally {
        await consul.close();
      }
    },
  },
  {
    name: 'a subgraph without an instance fails the fetch at once',
    row: 'noInstance',
    run: async () => {
      const consul = await startConsulServer();
      try {
        await withHarness(
          {
            routingUrl: () => 'consul://reviews/graphql',
            settings: { discovery: { consul: { address: consul.url } } },
          },
          (harness) => expectFailure(harness, { subgraph: 'reviews', code: 'SUBREQUEST_HTTP_ERROR' }),
        );
      } finally {
        await consul.close();
      }
    },
  },
];
