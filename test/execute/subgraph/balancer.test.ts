import { describe, expect, test } from '@jest/globals';
import { type Balanced, Balancer, type BalancerOptions } from '../../../gateway/execute/subgraph/balancer.ts';
import type { Instance } from '../../../gateway/supergraph/instance.ts';
import { seededRandom } from '../../support/seededNumbers.ts';

const of = (name: string, more: Partial<Instance> = {}): Instance => ({
  url: `http://${name}`,
  weight: 1,
  priority: 0,
  ...more,
});

interface Setting extends Partial<BalancerOptions> {
  readonly instances: readonly Instance[];
}

function balancerOf({ instances, ...options }: Setting): { balancer: Balancer; clock: { nowMs: number } } {
  const clock = { nowMs: 1_000 };
  const balancer = new Balancer({
    ejection: { failures: 2, baseMs: 100, maxMs: 350, maxPercent: 50 },
    zone: undefined,
    random: seededRandom(7),
    now: () => clock.nowMs,
    ...options,
  });
  balancer.update(instances);
  return { balancer, clock };
}

/** How often each is chosen when every request ends at once. */
function shares(balancer: Balancer, draws = 1_000): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let drawn = 0; drawn < draws; drawn += 1) {
    const picked = balancer.pick();
    if (picked === undefined) throw new Error('nothing was picked');
    const { host } = new URL(picked.instance.url);
    counts[host] = (counts[host] ?? 0) + 1;
    balancer.onResult(picked, 'ok');
  }
  return counts;
}

const hosts = (balancer: Balancer): string[] => Object.keys(shares(balancer)).sort();

function slot(balancer: Balancer, name: string): Balanced {
  const found = balancer.all.find(({ instance }) => instance.url === `http://${name}`);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

/** Requests to one instance that end so. */
function end(balancer: Balancer, name: string, result: 'ok' | 'failed' | 'ignored', times = 1): void {
  for (let at = 0; at < times; at += 1) {
    // whom a request went to is drawn; here the test says it
    (slot(balancer, name) as { inFlight: number }).inFlight += 1;
    balancer.onResult(slot(balancer, name), result);
  }
}

describe('balancer: the choice', () => {
  test('is none without instances', () => {
    expect(balancerOf({ instances: [] }).balancer.pick()).toBeUndefined();
  });

  test('is the only one there is', () => {
    expect(hosts(balancerOf({ instances: [of('a')] }).balancer)).toEqual(['a']);
  });

  test('falls on each as often when all are as busy', () => {
    const counts = shares(balancerOf({ instances: [of('a'), of('b'), of('c'), of('d')] }).balancer, 4_000);
    // 1000 each; four standard deviations of a binomial are 110
    expect(Object.values(counts).every((count) => Math.abs(count - 1_000) < 110)).toBe(true);
  });

  test('is the one of two with fewer requests in flight', () => {
    const { balancer } = balancerOf({ instances: [of('a'), of('b')] });
    const first = balancer.pick();
    const second = balancer.pick();
    expect(new Set([first?.instance.url, second?.instance.url]).size).toBe(2);
  });

  test('keeps the load even: of 8 instances with 80 requests in flight none has far more than 10', () => {
    const instances = Array.from('abcdefgh', (name) => of(name));
    const { balancer } = balancerOf({ instances });
    for (let at = 0; at < 80; at += 1) balancer.pick();
    const loads = balancer.all.map(({ inFlight }) => inFlight);
    // drawn singly, the fullest of 8 would have 15 of 80 on average (Raab and Steger, "Balls into Bins")
    expect([Math.max(...loads) <= 12, Math.min(...loads) >= 8]).toEqual([true, true]);
  });

  test('falls on each by its weight', () => {
    const { balancer } = balancerOf({ instances: [of('a', { weight: 3 }), of('b'), of('c'), of('d')] });
    const pickMany = (): Record<string, number> => {
      const counts: Record<string, number> = {};
      for (let at = 0; at < 600; at += 1) {
        const host = new URL(balancer.pick()?.instance.url ?? '').host;
        counts[host] = (counts[host] ?? 0) + 1;
      }
      return counts;
    };
    const { a = 0, b = 0 } = pickMany();
    // half of all, and a sixth
    expect([Math.abs(a - 300) <= 10, Math.abs(b - 100) <= 10]).toEqual([true, true]);
  });

  test('for a second try is one that was not tried, ejected ones last', () => {
    const { balancer } = balancerOf({ instances: [of('a'), of('b'), of('c')] });
    end(balancer, 'c', 'failed', 2);
    const tried = [slot(balancer, 'a')];
    const second = balancer.pick(tried);
    tried.push(slot(balancer, 'b'));
    expect([second?.instance.url, balancer.pick(tried)?.instance.url]).toEqual(['http://b', 'http://c']);
  });

  test('for a second try is the same one when there is no other', () => {
    const { balancer } = balancerOf({ instances: [of('a')] });
    expect(balancer.pick([slot(balancer, 'a')])?.instance.url).toBe('http://a');
  });
});

describe('balancer: a new list', () => {
  test('keeps what is known of those that stay', () => {
    const { balancer } = balancerOf({ instances: [of('a'), of('b'), of('c')] });
    end(balancer, 'b', 'failed', 2);
    balancer.update([of('b', { weight: 2 }), of('d')]);
    expect([slot(balancer, 'b').state.phase, slot(balancer, 'b').instance.weight]).toEqual(['ejected', 2]);
    expect(hosts(balancer)).toEqual(['d']);
  });

  test('may come while requests are in flight: they end with the instance that they began with', () => {
    const { balancer } = balancerOf({ instances: [of('a')] });
    const picked = balancer.pick();
    balancer.update([of('b')]);
    if (picked !== undefined) balancer.onResult(picked, 'failed');
    expect([picked?.inFlight, hosts(balancer)]).toEqual([0, ['b']]);
  });

  test('that is empty leaves nobody to ask', () => {
    const { balancer } = balancerOf({ instances: [of('a')] });
    balancer.update([]);
    expect(balancer.pick()).toBeUndefined();
  });
});

describe('balancer: ejection', () => {
  const three = [of('a'), of('b'), of('c')];

  test('comes with so many failures in a row, and is told', () => {
    const { balancer } = balancerOf({ instances: three });
    const picked = slot(balancer, 'a');
    expect([balancer.onResult(picked, 'failed'), balancer.onResult(picked, 'failed')]).toEqual([false, true]);
    expect(hosts(balancer)).toEqual(['b', 'c']);
  });

  test('does not come when a success is between them', () => {
    const { balancer } = balancerOf({ instances: three });
    for (const result of ['failed', 'ok', 'failed'] as const) end(balancer, 'a', result);
    expect(hosts(balancer)).toEqual(['a', 'b', 'c']);
  });

  test('does not come of clients that go away', () => {
    const { balancer } = balancerOf({ instances: three });
    end(balancer, 'a', 'ignored', 10);
    expect(hosts(balancer)).toEqual(['a', 'b', 'c']);
  });

  test.each([
    [1, 50, []],
    [2, 50, ['a']],
    [3, 50, ['a']],
    [4, 50, ['a', 'b']],
    [4, 0, []],
    [3, 100, ['a', 'b', 'c']],
  ])('of %d instances that all fail takes at most %d %%', (count, maxPercent, ejected) => {
    const names = ['a', 'b', 'c', 'd'].slice(0, count);
    const { balancer } = balancerOf({
      instances: names.map((name) => of(name)),
      ejection: { failures: 2, baseMs: 100, maxMs: 350, maxPercent },
    });
    for (const name of names) end(balancer, name, 'failed', 5);
    expect(names.filter((name) => slot(balancer, name).state.phase === 'ejected')).toEqual(ejected);
  });

  test('of all leaves all to be asked: one is as good as another', () => {
    const { balancer } = balancerOf({
      instances: three,
      ejection: { failures: 1, baseMs: 100, maxMs: 350, maxPercent: 100 },
    });
    for (const name of ['a', 'b', 'c']) end(balancer, name, 'failed');
    expect(hosts(balancer)).toEqual(['a', 'b', 'c']);
  });

  test('ends by a probe that is due when its time has passed, and not by itself', () => {
    const { balancer, clock } = balancerOf({ instances: three });
    end(balancer, 'a', 'failed', 2);
    const before = [balancer.nextProbeInMs(), balancer.takeDueForProbe(50).length];
    clock.nowMs += 100;
    const [due] = balancer.takeDueForProbe(50);
    expect([before, due?.instance.url, balancer.nextProbeInMs(), hosts(balancer)]).toEqual([
      [100, 0],
      'http://a',
      // for others it is due when this probe must have ended
      50,
      ['b', 'c'],
    ]);
    if (due !== undefined) balancer.onProbe(due, true);
    expect([balancer.nextProbeInMs(), hosts(balancer)]).toEqual([undefined, ['a', 'b', 'c']]);
  });

  test('doubles with each probe that finds the instance unwell, up to the longest', () => {
    const { balancer, clock } = balancerOf({ instances: three });
    end(balancer, 'a', 'failed', 2);
    const times: unknown[] = [];
    for (let at = 0; at < 4; at += 1) {
      times.push(balancer.nextProbeInMs());
      clock.nowMs += 1_000;
      balancer.onProbe(slot(balancer, 'a'), false);
    }
    expect(times).toEqual([100, 200, 350, 350]);
  });

  test.each([
    ['so soon after its return is longer', 150, 200],
    ['long after its return begins anew', 5_000, 100],
  ])('%s', (_what, wellForMs, nextMs) => {
    const { balancer, clock } = balancerOf({ instances: three });
    end(balancer, 'a', 'failed', 2);
    clock.nowMs += 100;
    balancer.onProbe(slot(balancer, 'a'), true);
    clock.nowMs += wellForMs - 100;
    end(balancer, 'a', 'failed', 2);
    expect(balancer.nextProbeInMs()).toBe(nextMs);
  });

  test('is not lifted by requests that were under way', () => {
    const { balancer } = balancerOf({ instances: three });
    end(balancer, 'a', 'failed', 2);
    end(balancer, 'a', 'ok');
    expect(hosts(balancer)).toEqual(['b', 'c']);
  });

  test('of an instance that is gone ends with it', () => {
    const { balancer } = balancerOf({ instances: three });
    const probed = slot(balancer, 'a');
    end(balancer, 'a', 'failed', 2);
    balancer.update([of('b')]);
    balancer.onProbe(probed, true);
    expect([balancer.nextProbeInMs(), hosts(balancer)]).toEqual([undefined, ['b']]);
  });
});

describe('balancer: zones', () => {
  const instances = [
    of('a1', { zone: 'a' }),
    of('a2', { zone: 'a' }),
    of('a3', { zone: 'a' }),
    of('b1', { zone: 'b' }),
    of('n'),
  ];
  const ejection = { failures: 1, baseMs: 100, maxMs: 350, maxPercent: 100 };

  test('the own zone is preferred', () => {
    expect(hosts(balancerOf({ instances, zone: 'a' }).balancer)).toEqual(['a1', 'a2', 'a3']);
  });

  test('without a zone of its own the gateway asks all', () => {
    expect(hosts(balancerOf({ instances }).balancer)).toEqual(['a1', 'a2', 'a3', 'b1', 'n']);
  });

  test('a zone without instances is none', () => {
    expect(hosts(balancerOf({ instances, zone: 'c' }).balancer)).toEqual(['a1', 'a2', 'a3', 'b1', 'n']);
  });

  test('while half of the own zone is left it bears the load, and below that all do', () => {
    const { balancer } = balancerOf({ instances, zone: 'a', ejection });
    end(balancer, 'a1', 'failed');
    const twoLeft = hosts(balancer);
    end(balancer, 'a2', 'failed');
    expect([twoLeft, hosts(balancer)]).toEqual([
      ['a2', 'a3'],
      ['a3', 'b1', 'n'],
    ]);
  });
});

// "A client MUST attempt to contact the target host with the lowest-numbered priority it can reach": RFC 2782
describe('balancer: priorities', () => {
  test('the lowest number is asked while one of it is not ejected', () => {
    const { balancer } = balancerOf({
      instances: [of('a'), of('b'), of('c', { priority: 1 }), of('d', { priority: 2 })],
      ejection: { failures: 1, baseMs: 100, maxMs: 350, maxPercent: 100 },
    });
    const both = hosts(balancer);
    end(balancer, 'a', 'failed');
    const one = hosts(balancer);
    end(balancer, 'b', 'failed');
    expect([both, one, hosts(balancer)]).toEqual([['a', 'b'], ['b'], ['c']]);
  });
});
