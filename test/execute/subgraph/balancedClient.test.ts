import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { GatewayError } from '../../../gateway/errors.ts';
import type { SubgraphSender } from '../../../gateway/execute/subgraph/subgraphSender.ts';
import { HeldStates } from '../../../gateway/execute/subgraph/traffic/heldStates.ts';
import type { SubgraphTraffic } from '../../../gateway/execute/subgraph/traffic/subgraphTraffic.ts';
import { Cancellation } from '../../../gateway/runtime/cancellation.ts';
import type { FollowedInstances } from '../../../gateway/supergraph/discoveries.ts';
import type { Instance } from '../../../gateway/supergraph/instance.ts';
import { engineOptions } from '../../support/engineOptions.ts';
import { freePorts } from '../../support/freePorts.ts';
import { type GraphInstance, startGraphInstance } from '../../support/graphInstance.ts';
import { senderUnderTest } from '../../support/senderUnderTest.ts';

let instances: GraphInstance[];
let clients: SubgraphSender[];
let lines: string[];
beforeEach(() => {
  instances = [];
  clients = [];
  lines = [];
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await Promise.all(instances.map((instance) => instance.close()));
});

async function start(name: string): Promise<GraphInstance> {
  const instance = await startGraphInstance(name);
  instances.push(instance);
  return instance;
}

const at = (port: number, more: Partial<Instance> = {}): Instance => ({
  url: `http://127.0.0.1:${port}/graphql`,
  weight: 1,
  priority: 0,
  ...more,
});

/** A list that the test changes. */
function listOf(
  current: readonly Instance[],
): FollowedInstances & { set(next: readonly Instance[]): void; isHeld: boolean } {
  let listeners: ((instances: readonly Instance[]) => void)[] = [];
  const list = {
    current,
    isHeld: true,
    firstRead: Promise.resolve(),
    onChange(listener: (instances: readonly Instance[]) => void) {
      listeners.push(listener);
      return () => {
        listeners = listeners.filter((each) => each !== listener);
      };
    },
    release() {
      list.isHeld = false;
    },
    set(next: readonly Instance[]) {
      list.current = next;
      for (const listener of listeners) listener(next);
    },
  };
  return list;
}

const { balancing } = engineOptions().discovery;

function clientOf(
  list: FollowedInstances,
  ejection: Partial<typeof balancing.ejection> = {},
  states = new HeldStates(),
  policies: Pick<SubgraphTraffic, 'retry' | 'hedging'> = {},
): SubgraphSender {
  const client = senderUnderTest({
    subgraph: 'reviews',
    url: 'static://reviews',
    timeoutMs: 2_000,
    maxConnections: 4,
    balancing: { ...balancing, ejection: { ...balancing.ejection, ...ejection } },
    follow: () => list,
    states,
    ...policies,
    log: pino({ base: null, timestamp: false }, { write: (line) => void lines.push(JSON.parse(line).msg) }),
  });
  clients.push(client);
  return client;
}

const body = '{"query":"mutation { hello }"}';
interface Sent {
  readonly cancellation?: Cancellation;
  readonly isShareable?: boolean;
}
const send = (
  client: SubgraphSender,
  { cancellation = new Cancellation(), isShareable = false }: Sent = {},
): Promise<unknown> =>
  client.send({ body, headers: { 'x-a': 'b' }, cancellation, isShareable, isRepeatable: true }).then(
    ({ data }) => data?.hello,
    (error: unknown) => (error instanceof GatewayError ? error.message : error),
  );

describe('balanced client: requests', () => {
  test('go to instances, with the headers of the request and the host of the instance', async () => {
    const one = await start('one');
    const client = clientOf(listOf([at(one.port, { host: 'reviews.internal:80' })]));
    expect(await send(client)).toBe('one');
    expect(one.requests[0]?.headers).toMatchObject({ host: 'reviews.internal:80', 'x-a': 'b' });
  });

  test('that an instance does not take go to another, mutations too: nothing was sent', async () => {
    const one = await start('one');
    const [closed = 0] = await freePorts(1);
    const client = clientOf(listOf([at(closed), at(one.port)]), { failures: 1_000 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(client)));
    expect([answers.every((answer) => answer === 'one'), one.requests.length]).toEqual([true, 20]);
  });

  test('that nobody takes fail after three tries, without an address', async () => {
    const ports = await freePorts(5);
    const client = clientOf(listOf(ports.map((port) => at(port))), { failures: 1, maxPercent: 100 });
    expect(await send(client)).toBe("HTTP fetch failed from 'reviews': connection refused");
    // each of the three was another one
    expect(lines).toEqual(new Array(3).fill('instance ejected: it failed several times in a row'));
  });

  test('that an instance took are sent to no other, whatever becomes of them', async () => {
    const [one, two] = [await start('one'), await start('two')];
    one.status = 500;
    two.status = 500;
    const client = clientOf(listOf([at(one.port), at(two.port)]));
    expect(await send(client)).toBe("HTTP fetch failed from 'reviews': HTTP status 500");
    expect(one.requests.length + two.requests.length).toBe(1);
  });

  test('that are equal and in flight go to one instance, as one call', async () => {
    const [one, two] = [await start('one'), await start('two')];
    const client = clientOf(listOf([at(one.port), at(two.port)]));
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(client, { isShareable: true })));
    expect([new Set(answers).size, one.requests.length + two.requests.length]).toEqual([1, 1]);
  });

  test('that are equal and in flight all go to another instance when the first does not take them', async () => {
    const one = await start('one');
    const [closed = 0] = await freePorts(1);
    for (let again = 0; again < 8; again += 1) {
      const client = clientOf(listOf([at(closed), at(one.port)]));
      const answers = await Promise.all(Array.from({ length: 5 }, () => send(client, { isShareable: true })));
      expect(new Set(answers)).toEqual(new Set(['one']));
    }
  });

  test('that are tried again go to another instance', async () => {
    const [one, two] = [await start('one'), await start('two')];
    one.status = 503;
    const retry = {
      maxAttempts: 2,
      intervalMs: 1,
      maxIntervalMs: 1,
      statuses: [503],
      budget: { minPerSecond: 100, ttlMs: 10_000, percent: 100 },
    };
    const list = listOf([at(one.port), at(two.port)]);
    const client = clientOf(list, { failures: 1_000 }, new HeldStates(), { retry });
    const answers = [];
    for (let count = 0; count < 20; count += 1) answers.push(await send(client));
    expect(new Set(answers)).toEqual(new Set(['two']));
  });

  test('that are slow are sent to another instance too, which answers', async () => {
    const [one, two] = [await start('one'), await start('two')];
    const list = listOf([at(one.port), at(two.port)]);
    const hedging = { percentile: 95, minMs: 1, budgetPercent: 100 };
    const client = clientOf(list, {}, new HeldStates(), { hedging });
    for (let count = 0; count < 100; count += 1) await send(client);
    one.after = new Promise(() => {});
    const answers = [];
    for (let count = 0; count < 20; count += 1) answers.push(await send(client));
    expect([new Set(answers), lines]).toEqual([new Set(['two']), []]);
    one.after = undefined;
  });

  test('without an instance fail at once', async () => {
    expect(await send(clientOf(listOf([])))).toBe("HTTP fetch failed from 'reviews': no instance is known");
  });
});

describe('balanced client: a new list', () => {
  test('is in force with the next request', async () => {
    const [one, two] = [await start('one'), await start('two')];
    const list = listOf([at(one.port)]);
    const client = clientOf(list);
    const first = await send(client);
    list.set([at(two.port)]);
    expect([first, await send(client)]).toEqual(['one', 'two']);
  });

  test('lets the requests of who is gone end, and then closes their connections', async () => {
    const one = await start('one');
    const list = listOf([at(one.port)]);
    const client = clientOf(list);
    let release: () => void = () => {};
    one.after = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = send(client);
    await one.nextRequest();
    list.set([]);
    release();
    expect(await slow).toBe('one');
  });

  test('after `close` nothing is held any more', async () => {
    const list = listOf([]);
    await clientOf(list).close();
    expect(list.isHeld).toBe(false);
  });
});

describe('balanced client: ejection', () => {
  const failures = { failures: 2, baseMs: 20, maxMs: 20 };

  test.each([
    ['a status of 500', 500, true],
    ['a status of 503', 503, true],
    ['a status of 404, which is about the request', 404, false],
    ['a status of 429, which is about the client', 429, false],
  ])('%s', async (_what, status, isEjecting) => {
    const [one, two] = [await start('one'), await start('two')];
    one.status = status;
    const client = clientOf(listOf([at(one.port), at(two.port)]), {
      ...failures,
      baseMs: 60_000,
      maxMs: 60_000,
    });
    for (let count = 0; count < 30; count += 1) await send(client);
    expect([one.requests.length === 2, lines.length]).toEqual([isEjecting, isEjecting ? 1 : 0]);
  });

  test('does not come of answers that are too large: another instance gives the same', async () => {
    const [one, two] = [await start('x'.repeat(2_000)), await start('two')];
    const client = clientOf(listOf([at(one.port), at(two.port)]), failures);
    for (let count = 0; count < 30; count += 1) await send(client);
    expect(lines).toEqual([]);
  });

  test('does not come of clients that go away', async () => {
    const [one, two] = [await start('one'), await start('two')];
    one.after = two.after = new Promise(() => {});
    const client = clientOf(listOf([at(one.port), at(two.port)]), { ...failures, failures: 1 });
    const gone = new Cancellation();
    const sent = Promise.all([send(client, { cancellation: gone }), send(client, { cancellation: gone })]);
    await one.nextRequest();
    gone.cancel();
    await sent;
    expect(lines).toEqual([]);
    one.after = two.after = undefined;
  });

  test('ends when a probe is answered', async () => {
    const [one, two] = [await start('one'), await start('two')];
    one.status = 500;
    const client = clientOf(listOf([at(one.port), at(two.port)]), failures);
    while (lines.length === 0) await send(client);
    await one.nextRequest();
    const untilProbed = one.requests.map((request) => request.body);
    one.status = 200;
    while (!lines.includes('instance back: it answers again')) await send(client);
    // two requests of clients, and then none but probes
    expect(untilProbed.slice(2).every((probe) => probe === '{"query":"{ __typename }"}')).toBe(true);
  });

  test('is known to the client that takes the place of this one', async () => {
    const [one, two] = [await start('one'), await start('two')];
    one.status = 500;
    const list = listOf([at(one.port), at(two.port)]);
    const states = new HeldStates();
    const before = clientOf(list, { ...failures, baseMs: 60_000, maxMs: 60_000 }, states);
    while (lines.length === 0) await send(before);
    const after = clientOf(list, { ...failures, baseMs: 60_000, maxMs: 60_000 }, states);
    await before.close();
    const asked = one.requests.length;
    const answers = [];
    for (let count = 0; count < 20; count += 1) answers.push(await send(after));
    expect([new Set(answers), one.requests.length - asked]).toEqual([new Set(['two']), 0]);
  });

  test('ends by a probe of the client that takes the place of this one', async () => {
    const [one, two] = [await start('one'), await start('two')];
    one.status = 500;
    const list = listOf([at(one.port), at(two.port)]);
    const states = new HeldStates();
    const before = clientOf(list, failures, states);
    const after = clientOf(list, failures, states);
    while (lines.length === 0) await send(before);
    await before.close();
    one.status = 200;
    while (!lines.includes('instance back: it answers again')) await send(after);
    expect(lines).toEqual([
      'instance ejected: it failed several times in a row',
      'instance back: it answers again',
    ]);
  });
});
