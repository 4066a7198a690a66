import { describe, expect, test } from '@jest/globals';
import {
  compileResponseHeaderRules,
  responseHeaderRule,
} from '../../../gateway/execute/subgraph/responseHeaderRules.ts';
import type { SubgraphAnswer } from '../../../gateway/execute/subgraph/subgraphRequest.ts';

/* Source of names and algorithms: Cosmo Router, "Response Header Operations". */

const parsed = (rules: readonly unknown[]) => rules.map((rule) => responseHeaderRule.parse(rule));

function compiled(all: readonly unknown[], subgraphs: Readonly<Record<string, readonly unknown[]>> = {}) {
  return compileResponseHeaderRules({
    all: parsed(all),
    subgraphs: new Map(Object.entries(subgraphs).map(([name, rules]) => [name, parsed(rules)])),
  });
}

/** What the client gets of answers that stand in the order of the plan. */
function sent(
  all: readonly unknown[],
  answers: readonly (readonly [string, SubgraphAnswer['headers']])[],
  subgraphs: Readonly<Record<string, readonly unknown[]>> = {},
): unknown {
  const forwarded = compiled(all, subgraphs)?.forward(
    answers.map(([subgraph, headers]) => ({ subgraph, headers })),
  );
  return forwarded && Object.fromEntries(forwarded);
}

const propagate = (rule: Readonly<Record<string, unknown>>) => ({ op: 'propagate', ...rule });

describe('response header rules: propagate', () => {
  test('without a rule there is nothing to do', () => {
    expect(compiled([], { products: [] })).toBeUndefined();
  });

  test('`named` sends one header on, however it is written', () => {
    expect(sent([propagate({ named: 'X-A' })], [['products', { 'x-a': '1', 'x-b': '2' }]])).toEqual({
      'x-a': '1',
    });
  });

  test('`rename` sends under another name only', () => {
    const rule = propagate({ named: 'x-a', rename: 'X-B' });
    expect(sent([rule], [['products', { 'x-a': '1' }]])).toEqual({ 'x-b': '1' });
  });

  test('`matching` sends on every header whose whole name matches, in either case', () => {
    const headers = { 'x-a': '1', 'x-b': '2', 'not-x-a': '3' };
    expect(sent([propagate({ matching: 'X-.*' })], [['products', headers]])).toEqual({
      'x-a': '1',
      'x-b': '2',
    });
  });

  test('`negate_match` sends on every other', () => {
    const headers = { 'x-a': '1', server: 'nginx', 'x-powered-by': 'PHP', 'content-type': 'text/html' };
    const rule = propagate({ matching: 'server|x-powered-by', negate_match: true });
    expect(sent([rule], [['products', headers]])).toEqual({ 'x-a': '1' });
  });

  test('a header that came several times is one list', () => {
    expect(sent([propagate({ named: 'x-a' })], [['products', { 'x-a': ['1', '2'] }]])).toEqual({
      'x-a': '1, 2',
    });
  });

  test('nothing is sent of a request that got no answer', () => {
    expect(sent([propagate({ named: 'x-a', default: 'd' })], [['products', undefined]])).toEqual({});
  });

  test('inherited names are no headers', () => {
    const rules = [propagate({ named: 'constructor' }), propagate({ named: '__proto__' })];
    expect(sent(rules, [['products', {}]])).toEqual({});
  });
});

describe('response header rules: several answers', () => {
  const answers = [
    ['products', { 'x-a': '1' }],
    ['reviews', {}],
    ['accounts', { 'x-a': '3' }],
  ] as const;

  test.each([
    ['first_write', '1'],
    ['last_write', '3'],
    ['append', '1, 3'],
    [undefined, '3'],
  ])('`algorithm: %s` sends %s', (algorithm, value) => {
    expect(sent([propagate({ named: 'x-a', algorithm })], answers)).toEqual({ 'x-a': value });
  });

  test('`default` stands in for what none of them has, and displaces nothing', () => {
    const rule = { named: 'x-a', default: 'none' };
    expect([
      sent([propagate({ ...rule, algorithm: 'first_write' })], [['reviews', {}], ...answers]),
      sent([propagate({ ...rule, algorithm: 'append' })], answers),
      sent(
        [propagate(rule)],
        [
          ['products', {}],
          ['reviews', {}],
        ],
      ),
    ]).toEqual([{ 'x-a': '1' }, { 'x-a': '1, 3' }, { 'x-a': 'none' }]);
  });

  test('rules apply in order: the second sees what the first has written', () => {
    const rules = [
      propagate({ named: 'x-new', rename: 'x-id', algorithm: 'first_write' }),
      propagate({ named: 'x-old', rename: 'x-id', algorithm: 'first_write' }),
    ];
    expect([
      sent(rules, [
        ['products', { 'x-old': 'old' }],
        ['reviews', { 'x-new': 'new' }],
      ]),
      sent(rules, [['products', { 'x-old': 'old' }]]),
    ]).toEqual([{ 'x-id': 'new' }, { 'x-id': 'old' }]);
  });

  test('rules of a subgraph hold for its answers alone, after those of `all`', () => {
    const own = { reviews: [{ op: 'set', name: 'x-from', value: 'reviews' }, propagate({ named: 'x-b' })] };
    const all = [{ op: 'set', name: 'x-from', value: 'all' }];
    expect([
      sent(
        all,
        [
          ['reviews', { 'x-b': '1' }],
          ['products', { 'x-b': '2' }],
        ],
        own,
      ),
      sent(all, [['products', { 'x-b': '2' }]], own),
    ]).toEqual([{ 'x-from': 'reviews', 'x-b': '1' }, { 'x-from': 'all' }]);
  });

  test('`set` writes its value whatever came, once there was an answer', () => {
    const rules = [propagate({ named: 'x-a' }), { op: 'set', name: 'X-A', value: 'ours' }];
    expect([sent(rules, answers), sent(rules, [])]).toEqual([{ 'x-a': 'ours' }, {}]);
  });
});

// Source: RFC 6265 §3, "Origin servers SHOULD NOT fold multiple Set-Cookie header fields into a single header field".
describe('response header rules: Set-Cookie', () => {
  const cookies = ['a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'b=2'];
  const answers = [
    ['products', { 'set-cookie': cookies }],
    ['reviews', { 'set-cookie': ['b=2', 'c=3'] }],
  ] as const;

  test.each([
    ['append', [...cookies, 'c=3']],
    [undefined, [...cookies, 'c=3']],
    ['first_write', cookies],
    ['last_write', ['b=2', 'c=3']],
  ])('`algorithm: %s` keeps each a line of its own', (algorithm, lines) => {
    expect(sent([propagate({ named: 'set-cookie', algorithm })], answers)).toEqual({ 'set-cookie': lines });
  });

  test.each<[string, boolean, unknown]>([
    ['by name', true, propagate({ named: 'Set-Cookie' })],
    ['by pattern', true, propagate({ matching: '.*' })],
    ['by a negated pattern', true, propagate({ matching: 'x-.*', negate_match: true })],
    ['by another name', true, propagate({ named: 'x-session', rename: 'set-cookie' })],
    ['set', true, { op: 'set', name: 'set-cookie', value: 'a=1' }],
    ['under another name', false, propagate({ named: 'set-cookie', rename: 'x-cookie' })],
    ['not matched', false, propagate({ matching: 'x-.*' })],
    ['excluded', false, propagate({ matching: 'set-cookie', negate_match: true })],
  ])('is known beforehand: %s', (_what, may, rule) => {
    expect([compiled([rule])?.maySetCookie('a'), compiled([], { b: [rule] })?.maySetCookie('b')]).toEqual([
      may,
      may,
    ]);
  });

  test('of one subgraph says nothing of another', () => {
    const rules = compiled([propagate({ named: 'x-a' })], { b: [propagate({ named: 'set-cookie' })] });
    expect([rules?.maySetCookie('a'), rules?.maySetCookie('b')]).toEqual([false, true]);
  });
});

describe('response header rules: what is never sent on', () => {
  // Source: RFC 9110 §7.6.1; the rest describe the gateway's own answer
  const reserved = [
    'connection',
    'proxy-authenticate',
    'proxy-connection',
    'keep-alive',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'content-length',
    'content-type',
    'content-encoding',
    'content-range',
    'accept-ranges',
    'etag',
    'last-modified',
    'date',
    'age',
    'cache-control',
    'expires',
    'vary',
    'x-request-id',
    'x-content-type-options',
    'access-control-allow-origin',
    'access-control-allow-credentials',
    'x-tributary-principal',
    'x_tributary_principal',
  ];

  test.each(reserved)('%s is sent on by no pattern', (name) => {
    const headers = { [name]: 'x', 'x-a': '1' };
    expect(sent([propagate({ matching: '.*' })], [['products', headers]])).toEqual({ 'x-a': '1' });
  });

  test.each(reserved)('%s is refused as a name in every rule', (name) => {
    const written = name.toUpperCase();
    const rules = [
      propagate({ named: written }),
      propagate({ named: 'x-a', rename: written }),
      { op: 'set', name: written, value: 'x' },
    ];
    expect(rules.map((rule) => responseHeaderRule.safeParse(rule).success)).toEqual([false, false, false]);
  });

  test.each(['strict-transport-security', 'clear-site-data', 'alt-svc', 'location', 'refresh'])(
    '%s is sent on by its name alone',
    (name) => {
      const answers = [['products', { [name]: 'x' }]] as const;
      expect([
        sent([propagate({ matching: '.*' })], answers),
        sent([propagate({ named: name })], answers),
      ]).toEqual([{}, { [name]: 'x' }]);
    },
  );

  test('headers that the `Connection` header of the answer names', () => {
    const headers = { connection: 'close, X-A', 'x-a': '1', 'x-b': '2' };
    expect(
      sent([propagate({ named: 'x-a' }), propagate({ matching: 'x-.*' })], [['products', headers]]),
    ).toEqual({
      'x-b': '2',
    });
  });

  test.each(['a\r\nset-cookie: a=1', 'a\nb', 'a\rb', 'a\0b', 'a\u007fb', 'a\u2028b', '→'])(
    'the value %j',
    (value) => {
      const rules = [propagate({ named: 'x-a', default: 'none' }), propagate({ matching: 'x-.*' })];
      expect(sent(rules, [['products', { 'x-a': value, 'x-b': ['1', value] }]])).toEqual({
        'x-a': 'none',
        'x-b': '1',
      });
    },
  );

  test('more than 64 lines', () => {
    const headers = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x-${i}`, '1']));
    const given = sent([propagate({ matching: '.*' })], [['products', headers]]);
    expect(Object.keys(given as object)).toEqual(Array.from({ length: 64 }, (_, i) => `x-${i}`));
  });

  test('is told by name where there is too much of it', () => {
    const leftOut: unknown[] = [];
    const rules = compileResponseHeaderRules({
      all: parsed([propagate({ matching: '.*' })]),
      subgraphs: new Map(),
      onLeftOut: (names) => leftOut.push(names),
    });
    rules?.forward([{ subgraph: 'products', headers: { 'x-a': 'x'.repeat(9_000), 'x-b': '1' } }]);
    expect(leftOut).toEqual([['x-a']]);
  });

  test('more than 8 KiB: what does not fit is left out whole, cookie by cookie', () => {
    const long = 'x'.repeat(5_000);
    const answers = [['products', { 'x-a': long, 'x-b': long, 'set-cookie': [long, 'a=1'] }]] as const;
    expect(sent([propagate({ matching: '.*' })], answers)).toEqual({ 'x-a': long, 'set-cookie': ['a=1'] });
  });
});

describe('response header rules: what is refused', () => {
  const refused: readonly [string, unknown][] = [
    ['a rule without `op`', { named: 'x-a' }],
    ['an unknown `op`', { op: 'remove', named: 'x-a' }],
    ['a selector without a choice', propagate({})],
    ['two selectors', propagate({ named: 'x-a', matching: 'x' })],
    ['a pattern that is renamed', propagate({ matching: 'x', rename: 'x-b' })],
    ['a pattern with a default', propagate({ matching: 'x', default: 'd' })],
    ['a pattern that is none', propagate({ matching: 'x[' })],
    ['a negated name', propagate({ named: 'x-a', negate_match: true })],
    ['an unknown algorithm', propagate({ named: 'x-a', algorithm: 'most_restrictive_cache_control' })],
    ['an unknown key', propagate({ named: 'x-a', value: '1' })],
    ['a name with a blank', { op: 'set', name: 'x a', value: '1' }],
    ['a value with a line break', { op: 'set', name: 'x-a', value: 'a\r\nb: c' }],
    ['a default with a line break', propagate({ named: 'x-a', default: 'a\nb' })],
    ['a `set` without a value', { op: 'set', name: 'x-a' }],
  ];

  test.each(refused)('%s', (_what, rule) => {
    expect(responseHeaderRule.safeParse(rule).success).toBe(false);
  });
});
