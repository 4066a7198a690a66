// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what an attacker writes
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { compileHeaderRules, headerRule } from '../../../gateway/execute/subgraph/headerRules.ts';
import type { ClientRequest } from '../../../gateway/http/clientRequest.ts';
import { anonymous, type Principal } from '../../../gateway/http/principal.ts';
import { clientRequestOf } from '../../support/clientRequestOf.ts';
import { type GatewayUnderTest, startGateway } from '../../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../../support/stubSubgraph.ts';

/* Source of names and order: Apollo Router, "Sending HTTP headers to subgraphs". */

const rulesOf = (rules: readonly unknown[]) => rules.map((rule) => headerRule.parse(rule));

/** Headers that rules send on of a client's. */
function sentBy(
  rules: readonly unknown[],
  headers: ClientRequest['headers'],
  extensions?: ClientRequest['extensions'],
): Record<string, string> {
  const client = clientRequestOf({ headers, extensions });
  return { ...compileHeaderRules(rulesOf(rules))(client) };
}

describe('header rules: propagate', () => {
  test('nothing is sent on without a rule', () => {
    expect(sentBy([], { authorization: 'a', cookie: 'b', 'x-c': 'c' })).toEqual({});
  });

  test('`named` sends one header on, however it is written', () => {
    expect(sentBy([{ propagate: { named: 'X-Tenant' } }], { 'x-tenant': 't', 'x-other': 'o' })).toEqual({
      'x-tenant': 't',
    });
  });

  test('`named` sends nothing where the client sent nothing', () => {
    expect(sentBy([{ propagate: { named: 'x-tenant' } }], {})).toEqual({});
  });

  test('`default` stands in for what the client did not send', () => {
    const rules = [{ propagate: { named: 'x-tenant', default: 'none' } }];
    expect([sentBy(rules, {}), sentBy(rules, { 'x-tenant': 't' })]).toEqual([
      { 'x-tenant': 'none' },
      { 'x-tenant': 't' },
    ]);
  });

  test('`rename` sends under another name only', () => {
    expect(sentBy([{ propagate: { named: 'x-a', rename: 'X-B' } }], { 'x-a': '1' })).toEqual({ 'x-b': '1' });
  });

  test('`matching` sends on every header whose whole name matches, in either case', () => {
    const headers = { 'x-a': '1', 'x-b': '2', 'not-x-a': '3', accept: '4' };
    expect(sentBy([{ propagate: { matching: 'X-.*' } }], headers)).toEqual({ 'x-a': '1', 'x-b': '2' });
  });

  test('a header that came several times is sent as one list', () => {
    expect(sentBy([{ propagate: { named: 'x-a' } }], { 'x-a': ['1', '2'] })).toEqual({ 'x-a': '1, 2' });
  });

  test('the first rule that finds a value for a header decides', () => {
    const rules = [
      { propagate: { named: 'x-new', rename: 'x-id' } },
      { propagate: { named: 'x-old', rename: 'x-id' } },
      { propagate: { named: 'x-id', default: 'none' } },
    ];
    expect([
      sentBy(rules, { 'x-new': 'new', 'x-old': 'old', 'x-id': 'id' }),
      sentBy(rules, { 'x-old': 'old', 'x-id': 'id' }),
      sentBy(rules, {}),
    ]).toEqual([{ 'x-id': 'new' }, { 'x-id': 'old' }, { 'x-id': 'none' }]);
  });

  test('inherited names are no headers', () => {
    const rules = [
      { propagate: { named: 'constructor' } },
      { propagate: { named: '__proto__', default: 'd' } },
    ];
    const client = clientRequestOf({ requestId: '' });
    expect(Object.entries(compileHeaderRules(rulesOf(rules))(client))).toEqual([['__proto__', 'd']]);
  });
});

describe('header rules: remove', () => {
  test('`named` takes back what a rule before it sent on', () => {
    const rules = [{ propagate: { matching: 'x-.*' } }, { remove: { named: 'X-Secret' } }];
    expect(sentBy(rules, { 'x-a': '1', 'x-secret': '2' })).toEqual({ 'x-a': '1' });
  });

  test('`matching` takes back every header whose whole name matches', () => {
    const rules = [{ propagate: { matching: '.*' } }, { remove: { matching: 'x-internal-.*' } }];
    expect(sentBy(rules, { 'x-a': '1', 'x-internal-b': '2', 'x-internal-c': '3' })).toEqual({ 'x-a': '1' });
  });

  test('leaves what a rule after it inserts', () => {
    const rules = [{ remove: { named: 'x-a' } }, { insert: { name: 'x-a', value: 'v' } }];
    expect(sentBy(rules, {})).toEqual({ 'x-a': 'v' });
  });
});

describe('header rules: insert', () => {
  test('`value` is sent whatever the client sent', () => {
    const rules = [{ propagate: { named: 'x-a' } }, { insert: { name: 'x-a', value: 'ours' } }];
    expect(sentBy(rules, { 'x-a': 'theirs' })).toEqual({ 'x-a': 'ours' });
  });

  test('`from_context: request_id` is the id of the request', () => {
    expect(sentBy([{ insert: { name: 'x-request-id', from_context: 'request_id' } }], {})).toEqual({
      'x-request-id': 'request-1',
    });
  });

  const path = '.extensions.metadata[0].app_name';

  test.each([
    ['a text', { metadata: [{ app_name: 'shop' }] }, { 'x-app': 'shop' }],
    ['a number', { metadata: [{ app_name: 7 }] }, { 'x-app': '7' }],
    ['an object', { metadata: [{ app_name: {} }] }, {}],
    ['null', { metadata: [{ app_name: null }] }, {}],
    ['nothing', { metadata: [] }, {}],
    ['no map', { metadata: 'x' }, {}],
    ['no extensions', undefined, {}],
  ])('`path` that leads to %s', (_what, extensions, sent) => {
    expect(sentBy([{ insert: { name: 'x-app', path } }], {}, extensions)).toEqual(sent);
  });

  test('`path` does not lead to what is inherited', () => {
    expect(sentBy([{ insert: { name: 'x-app', path: '.extensions.constructor.name' } }], {}, {})).toEqual({});
  });

  test('`default` stands in for a path that leads to nothing', () => {
    expect(sentBy([{ insert: { name: 'x-app', path, default: 'none' } }], {}, {})).toEqual({
      'x-app': 'none',
    });
  });

  // Source: RFC 9110 §5.5; a line break would be a header of the client's own
  test.each(['a\r\nx-admin: 1', 'a\nb', 'a\rb', 'a\u0000b', 'a\u007fb', 'a\u2028b', '→'])(
    'what no header may hold is not sent: %j',
    (text) => {
      const extensions = { metadata: [{ app_name: text }] };
      expect(sentBy([{ insert: { name: 'x-app', path, default: 'none' } }], {}, extensions)).toEqual({
        'x-app': 'none',
      });
    },
  );
});

describe('header rules: headers of one connection', () => {
  // Source: RFC 9110 §7.6.1, and those that the gateway writes by itself
  const reserved = [
    'connection',
    'proxy-authenticate',
    'proxy-authorization',
    'proxy-connection',
    'keep-alive',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'expect',
    'host',
    'http2-settings',
    'content-length',
    'content-type',
    'content-encoding',
    'accept',
    'accept-encoding',
  ];

  test.each(reserved)('%s is sent on by no pattern', (name) => {
    expect(sentBy([{ propagate: { matching: '.*' } }], { [name]: 'x', 'x-a': '1' })).toEqual({ 'x-a': '1' });
  });

  test.each(reserved)('%s is refused as a name in every rule', (name) => {
    const written = name.toUpperCase();
    const rules = [
      { propagate: { named: written } },
      { propagate: { named: 'x-a', rename: written } },
      { remove: { named: written } },
      { insert: { name: written, value: 'x' } },
    ];
    expect(rules.map((rule) => headerRule.safeParse(rule).success)).toEqual([false, false, false, false]);
  });

  // what the gateway says to subgraphs in its own name, as servers read it that take `_` for `-`
  test.each(['x-tributary-principal', 'x_tributary_principal', 'x-tributary_anything'])(
    'a forged %s is sent on by no rule',
    (name) => {
      expect(sentBy([{ propagate: { matching: '.*' } }], { [name]: 'x', 'x-a': '1' })).toEqual({
        'x-a': '1',
      });
      expect(headerRule.safeParse({ propagate: { named: 'x-a', rename: name } }).success).toBe(false);
    },
  );

  test('headers that the `Connection` header names are not sent on', () => {
    const rules = [{ propagate: { named: 'x-a' } }, { propagate: { matching: 'x-.*' } }];
    expect(sentBy(rules, { connection: 'close, X-A,x-b', 'x-a': '1', 'x-b': '2', 'x-c': '3' })).toEqual({
      'x-c': '3',
    });
  });
});

describe('header rules: what is refused', () => {
  const refused: readonly [string, unknown][] = [
    ['an empty rule', {}],
    ['an unknown rule', { forward: { named: 'x-a' } }],
    ['two rules in one', { propagate: { named: 'x-a' }, remove: { named: 'x-b' } }],
    ['a selector without a choice', { propagate: {} }],
    ['two selectors', { propagate: { named: 'x-a', matching: 'x' } }],
    ['a pattern that is renamed', { propagate: { matching: 'x', rename: 'x-b' } }],
    ['a pattern with a default', { propagate: { matching: 'x', default: 'd' } }],
    ['a pattern that is none', { propagate: { matching: 'x[' } }],
    ['a name with a blank', { propagate: { named: 'x a' } }],
    ['a value with a line break', { insert: { name: 'x-a', value: 'a\r\nb: c' } }],
    ['a value beyond Latin-1', { insert: { name: 'x-a', value: '→' } }],
    ['an insertion of nothing', { insert: { name: 'x-a' } }],
    ['an insertion of two', { insert: { name: 'x-a', value: 'a', from_context: 'request_id' } }],
    ['an unknown key of the context', { insert: { name: 'x-a', from_context: 'user' } }],
    ['a path elsewhere', { insert: { name: 'x-a', path: '.variables.a' } }],
  ];

  test.each(refused)('%s', (_what, rule) => {
    expect(headerRule.safeParse(rule).success).toBe(false);
  });
});

describe('header rules: through a running gateway', () => {
  let accounts: StubSubgraph;
  let products: StubSubgraph;
  let gateway: GatewayUnderTest | undefined;

  beforeAll(async () => {
    accounts = await startStubSubgraph('accounts', 'type Query { me: String }', {
      Query: { me: () => 'Ann' },
    });
    products = await startStubSubgraph('products', 'type Query { top: String }', {
      Query: { top: () => 'Tea' },
    });
  });
  afterAll(async () => {
    await Promise.all([accounts.close(), products.close()]);
  });
  afterEach(async () => {
    await gateway?.stop();
    gateway = undefined;
  });

  const fromClient = { authorization: 'Bearer t', cookie: 'a=b', 'x-tenant': 't', 'x-request-id': 'id-1' };

  /** What each subgraph got beside the gateway's own headers. */
  async function received(headers: unknown): Promise<unknown> {
    gateway = await startGateway({ subgraphs: [accounts, products], settings: { headers } });
    expect(await gateway.answerTo({ query: '{ me top }' }, fromClient)).toEqual({
      data: { me: 'Ann', top: 'Tea' },
    });
    const own = ['host', 'connection', 'content-type', 'content-length', 'accept'];
    return Object.fromEntries(
      [accounts, products].map(({ name, requests }) => [
        name,
        Object.fromEntries(
          Object.entries(requests.at(-1)?.headers ?? {}).filter(([header]) => !own.includes(header)),
        ),
      ]),
    );
  }

  test('nothing is sent on without rules', async () => {
    expect(await received({})).toEqual({ accounts: {}, products: {} });
  });

  test('a rule of `all` holds for every subgraph', async () => {
    expect(await received({ all: { request: [{ propagate: { named: 'authorization' } }] } })).toEqual({
      accounts: { authorization: 'Bearer t' },
      products: { authorization: 'Bearer t' },
    });
  });

  test('rules of a subgraph hold for it alone, after those of `all`', async () => {
    const headers = {
      all: { request: [{ propagate: { named: 'authorization' } }] },
      subgraphs: {
        products: {
          request: [
            { remove: { named: 'authorization' } },
            { insert: { name: 'x-trace', from_context: 'request_id' } },
          ],
        },
      },
    };
    expect(await received(headers)).toEqual({
      accounts: { authorization: 'Bearer t' },
      products: { 'x-trace': 'id-1' },
    });
  });
});

describe('header rules: the principal', () => {
  const ada: Principal = {
    kind: 'user',
    id: 'u-0001',
    scopes: ['read', 'write'],
    roles: ['ADMIN'],
    claims: { sub: 'u-0001', tenant: { id: 7 }, groups: ['a', 'b'], beta: true, object: {} },
  };

  /** Headers that rules send on for a principal. */
  function sentFor(
    principal: Principal,
    rules: readonly unknown[],
    headers: ClientRequest['headers'] = {},
  ): Record<string, string> {
    return { ...compileHeaderRules(rulesOf(rules))(clientRequestOf({ principal, headers })) };
  }

  test('its parts are sent by `from_context`', () => {
    const rules = ['principal_id', 'principal_kind', 'principal_scopes', 'principal_roles'].map((part) => ({
      insert: { name: `x-${part}`, from_context: part },
    }));
    expect(sentFor(ada, rules)).toEqual({
      'x-principal_id': 'u-0001',
      'x-principal_kind': 'user',
      'x-principal_scopes': 'read write',
      'x-principal_roles': 'ADMIN',
    });
  });

  test('of an anonymous caller only the kind and the defaults are sent', () => {
    const rules = [
      { insert: { name: 'x-kind', from_context: 'principal_kind' } },
      { insert: { name: 'x-id', from_context: 'principal_id' } },
      { insert: { name: 'x-scopes', from_context: 'principal_scopes', default: 'none' } },
    ];
    expect(sentFor(anonymous, rules)).toEqual({ 'x-kind': 'anonymous', 'x-scopes': 'none' });
  });

  test.each([
    ['tenant.id', '7'],
    ['groups', 'a b'],
    ['beta', 'true'],
    ['object', undefined],
    ['none', undefined],
    ['__proto__', undefined],
    ['constructor.name', undefined],
  ])('the claim %s is sent as %s', (claim, value) => {
    const sent = sentFor(ada, [{ insert: { name: 'x-claim', claim } }]);
    expect(sent['x-claim']).toBe(value);
  });

  test.each<[string, unknown]>([
    ['a line break', 'u1\r\nx-admin: 1'],
    ['a lone line feed', 'u1\nx'],
    ['U+0000', 'u1\0'],
    ['a character beyond Latin-1', 'ユーザー'],
    ['a name with a space in a list', ['admin staff', 'x']],
    ['a line break in a list', ['a\r\nb']],
  ])('%s is not sent', (_what, value) => {
    const rules = [{ insert: { name: 'x-claim', claim: 'value' } }];
    expect(sentFor({ ...ada, claims: { value } }, rules)).toEqual({});
  });

  test.each<[string, readonly unknown[]]>([
    [
      'before',
      [{ propagate: { matching: 'x.*' } }, { insert: { name: 'X-User-Id', from_context: 'principal_id' } }],
    ],
    [
      'after',
      [{ insert: { name: 'x-user-id', from_context: 'principal_id' } }, { propagate: { matching: 'x.*' } }],
    ],
    [
      'by another name after',
      [
        { insert: { name: 'x-user-id', from_context: 'principal_id' } },
        { propagate: { named: 'x-other', rename: 'x-user-id' } },
      ],
    ],
  ])('a client’s own header does not take its place, sent on %s it', (_when, rules) => {
    const headers = { 'x-user-id': 'root', 'x-other': 'root', x_user_id: 'root' };
    expect([
      sentFor(ada, rules, headers)['x-user-id'],
      sentFor(anonymous, rules, headers)['x-user-id'],
      sentFor(ada, rules, headers).x_user_id,
    ]).toEqual(['u-0001', undefined, undefined]);
  });

  test('the client’s Connection header does not take it away', () => {
    const rules = [{ insert: { name: 'x-user-id', from_context: 'principal_id' } }];
    expect(sentFor(ada, rules, { connection: 'close, x-user-id' })).toEqual({ 'x-user-id': 'u-0001' });
  });
});

describe('header rules: what goes into the logs of subgraphs', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const rules = ['traceparent', 'tracestate', 'x-request-id'].map((named) => ({ propagate: { named } }));

  test('a trace and a request id are sent on', () => {
    const headers = { traceparent, tracestate: 'a=b', 'x-request-id': 'request-1' };
    expect(sentBy(rules, headers)).toEqual(headers);
  });

  test.each(['x'.repeat(300), '${jndi:ldap://x}', '00-zz-b7ad6b7169203331-01', `${traceparent}\n`, ''])(
    'the trace %j is not, nor its state',
    (value) => {
      expect(sentBy(rules, { traceparent: value, tracestate: 'a=b' })).toEqual({});
    },
  );

  test('a request id that is not plain is sent as the one made for it', () => {
    expect(sentBy(rules, { 'x-request-id': '${jndi:ldap://x}' })).toEqual({ 'x-request-id': 'request-1' });
  });
});
