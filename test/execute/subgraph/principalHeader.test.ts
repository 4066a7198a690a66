import { describe, expect, test } from '@jest/globals';
import { compileHeaderRules, headerRule } from '../../../gateway/execute/subgraph/headerRules.ts';
import {
  type PrincipalHeaderOptions,
  principalHeaderFor,
  withPrincipalHeader,
} from '../../../gateway/execute/subgraph/principalHeader.ts';
import { anonymous, type Principal } from '../../../gateway/http/principal.ts';
import { clientRequestOf } from '../../support/clientRequestOf.ts';

/* The vectors stand in docs/principal-header.md, and were computed with openssl; subgraphs are tested against the same. */

const AT = Date.UTC(2026, 0, 1);
const USER =
  'eyJ2IjoxLCJhdWQiOiJyZXZpZXdzIiwiaWF0IjoxNzY3MjI1NjAwLCJleHAiOjE3NjcyMjU2NjAsImtpbmQiOiJ1c2VyIiwiaWQiOiJ1LTAwMDMiLCJzY29wZXMiOlsicmV2aWV3czp3cml0ZSJdLCJyb2xlcyI6WyJDVVNUT01FUiJdLCJjbGFpbXMiOnsicHJlZmVycmVkX3VzZXJuYW1lIjoiY2xlbyJ9fQ.eYTQbwfNK_WTpIGW09UqGyCq5p26-zFNsJFA49vf0sk';
const ANONYMOUS =
  'eyJ2IjoxLCJhdWQiOiJyZXZpZXdzIiwiaWF0IjoxNzY3MjI1NjAwLCJleHAiOjE3NjcyMjU2NjAsImtpbmQiOiJhbm9ueW1vdXMiLCJzY29wZXMiOltdLCJyb2xlcyI6W10sImNsYWltcyI6e319.TihfneVBiifZ995ySvSO6AN7SL5QVIgnn9Tu_UYAlxI';

const cleo: Principal = {
  kind: 'user',
  id: 'u-0003',
  scopes: ['reviews:write'],
  roles: ['CUSTOMER'],
  claims: { sub: 'u-0003', preferred_username: 'cleo', email: 'cleo@example.com', tenant: { id: 't1' } },
};

const headerFor = (options: Partial<PrincipalHeaderOptions> = {}) =>
  principalHeaderFor({
    secret: 'fixed vector: a secret of more than 32 bytes',
    audience: 'reviews',
    lifetimeMs: 60_000,
    claims: ['preferred_username', 'nickname'],
    now: () => AT,
    ...options,
  });

const payloadOf = (value: string): unknown =>
  JSON.parse(Buffer.from(value.split('.')[0] ?? '', 'base64url').toString());

describe('principal header', () => {
  test('of a user is the fixed vector', () => {
    expect(headerFor()(cleo)).toBe(USER);
  });

  test('of an anonymous caller is the fixed vector', () => {
    expect(headerFor()(anonymous)).toBe(ANONYMOUS);
  });

  test('is another one for each subgraph', () => {
    expect(headerFor({ audience: 'accounts' })(cleo)).not.toBe(USER);
  });

  test('holds claims by the paths that name them, and no other', () => {
    expect(payloadOf(headerFor({ claims: ['tenant.id'] })(cleo))).toMatchObject({
      claims: { 'tenant.id': 't1' },
    });
  });

  test('is signed again in the half of its life, and when the clock was set back', () => {
    let now = AT;
    const header = headerFor({ now: () => now });
    const times = [0, 29_999, 30_000, 59_999, -1_000].map((after) => {
      now = AT + after;
      return (payloadOf(header(cleo)) as { iat: number }).iat - AT / 1000;
    });
    expect(times).toEqual([0, 0, 30, 30, -1]);
  });

  test('is the header of its own principal, however alike two are', () => {
    const header = headerFor();
    expect(header({ ...cleo, id: 'u-0001' })).not.toBe(header(cleo));
  });
});

describe('principal header: nobody else writes it', () => {
  const sent = (rules: readonly unknown[], headers: Record<string, string>) => {
    const select = compileHeaderRules(rules.map((rule) => headerRule.parse(rule)));
    return { ...withPrincipalHeader(select, () => 'ours')(clientRequestOf({ headers })) };
  };
  const theirs = { 'x-tributary-principal': 'theirs', x_tributary_principal: 'theirs', 'x-a': '1' };

  test('a client’s own is dropped by rules that match all', () => {
    expect(sent([{ propagate: { matching: '.*' } }], theirs)).toEqual({
      'x-a': '1',
      'x-tributary-principal': 'ours',
    });
  });

  test('a client’s own is dropped where the gateway sends none', () => {
    const select = compileHeaderRules([headerRule.parse({ propagate: { matching: '.*' } })]);
    expect({ ...select(clientRequestOf({ headers: theirs })) }).toEqual({ 'x-a': '1' });
  });

  test('it is sent without any rule', () => {
    expect(sent([], theirs)).toEqual({ 'x-tributary-principal': 'ours' });
  });

  test('it is not removed by rules', () => {
    expect(sent([{ remove: { matching: '.*' } }], {})).toEqual({ 'x-tributary-principal': 'ours' });
  });

  test.each([
    { propagate: { named: 'X-Tributary-Principal' } },
    { propagate: { named: 'x_tributary_principal' } },
    { propagate: { named: 'x-a', rename: 'x-tributary-principal' } },
    { insert: { name: 'x-tributary-principal', value: 'mine' } },
    { remove: { named: 'x-tributary-principal' } },
  ])('the rule %j is refused', (rule) => {
    expect(headerRule.safeParse(rule).error?.issues[0]?.message).toBe(
      'is a header that the gateway writes by itself',
    );
  });
});
