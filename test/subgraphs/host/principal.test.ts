import { describe, expect, test } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { principalReader, readPrincipalSecrets } from '../../../subgraphs/host/principal.ts';
import { principalHeaders, principalSecret } from '../principalHeaders.ts';

/* The vectors stand in docs/principal-header.md, and were computed with openssl. */

const SECRET = 'fixed vector: a secret of more than 32 bytes';
const AT = Date.UTC(2026, 0, 1);
const USER =
  'eyJ2IjoxLCJhdWQiOiJyZXZpZXdzIiwiaWF0IjoxNzY3MjI1NjAwLCJleHAiOjE3NjcyMjU2NjAsImtpbmQiOiJ1c2VyIiwiaWQiOiJ1LTAwMDMiLCJzY29wZXMiOlsicmV2aWV3czp3cml0ZSJdLCJyb2xlcyI6WyJDVVNUT01FUiJdLCJjbGFpbXMiOnsicHJlZmVycmVkX3VzZXJuYW1lIjoiY2xlbyJ9fQ.eYTQbwfNK_WTpIGW09UqGyCq5p26-zFNsJFA49vf0sk';
const ANONYMOUS =
  'eyJ2IjoxLCJhdWQiOiJyZXZpZXdzIiwiaWF0IjoxNzY3MjI1NjAwLCJleHAiOjE3NjcyMjU2NjAsImtpbmQiOiJhbm9ueW1vdXMiLCJzY29wZXMiOltdLCJyb2xlcyI6W10sImNsYWltcyI6e319.TihfneVBiifZ995ySvSO6AN7SL5QVIgnn9Tu_UYAlxI';

const anonymous = { kind: 'anonymous', id: undefined, scopes: [], roles: [], claims: {} };
const cleo = {
  kind: 'user',
  id: 'u-0003',
  scopes: ['reviews:write'],
  roles: ['CUSTOMER'],
  claims: { preferred_username: 'cleo' },
};

interface Reading {
  readonly secrets?: readonly string[];
  readonly audience?: string;
  readonly afterSeconds?: number;
}

/** The principal of a header, or why it is refused. */
function read(value: string | string[] | undefined, options: Reading = {}): unknown {
  const { secrets = [SECRET], audience = 'reviews', afterSeconds = 0 } = options;
  const readPrincipal = principalReader({ audience, secrets, now: () => AT + afterSeconds * 1000 });
  try {
    return readPrincipal({ 'x-tributary-principal': value });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    expect(error.extensions).toEqual({ code: 'UNAUTHENTICATED', http: { status: 401 } });
    return error.message.replace('The header x-tributary-principal ', '');
  }
}

describe('subgraph: the principal header', () => {
  test('reads the fixed vectors', () => {
    expect([read(USER), read(ANONYMOUS)]).toEqual([cleo, anonymous]);
  });

  test('is that of an anonymous caller where it is missing', () => {
    expect(read(undefined)).toEqual(anonymous);
  });

  test('is not believed without a secret', () => {
    expect(read(USER, { secrets: [] })).toEqual(anonymous);
  });

  test('is believed from 5 s before its time until 5 s after it', () => {
    expect([-6, -5, 0, 64, 65].map((afterSeconds) => read(USER, { afterSeconds }))).toEqual([
      'is of the future.',
      cleo,
      cleo,
      cleo,
      'has expired.',
    ]);
  });

  test('may be signed with either secret while it is being changed', () => {
    const other = 'another secret that has more than 32 bytes';
    expect([read(USER, { secrets: [other, SECRET] }), read(USER, { secrets: [other] })]).toEqual([
      cleo,
      'is signed with another secret.',
    ]);
  });

  test('of another subgraph is refused', () => {
    expect(read(USER, { audience: 'accounts' })).toBe('is meant for another subgraph.');
  });

  const [payload = '', mac = ''] = USER.split('.');
  const json = Buffer.from(payload, 'base64url').toString();
  const forged = Buffer.from(json.replace('u-0003', 'u-0001')).toString('base64url');

  test.each<[string, string | string[], string]>([
    ['with another user', `${forged}.${mac}`, 'is signed with another secret.'],
    ['without a signature', payload, 'is signed with another secret.'],
    ['with an empty signature', `${payload}.`, 'is signed with another secret.'],
    ['with a part of the signature', `${payload}.${mac.slice(0, -4)}`, 'is signed with another secret.'],
    [
      'with the signature of another',
      `${payload}.${ANONYMOUS.split('.')[1]}`,
      'is signed with another secret.',
    ],
    ['that came twice', `${USER}, ${USER}`, 'is not of its form.'],
    ['that came twice, as a list', [USER, USER], 'is not of its form.'],
    ['with a third part', `${USER}.x`, 'is not of its form.'],
    ['that is empty', '', 'is signed with another secret.'],
    ['that is huge', 'x'.repeat(20_000), 'is not of its form.'],
    ['that is JSON', json, 'is signed with another secret.'],
  ])('%s is refused', (_what, value, message) => {
    expect(read(value)).toBe(message);
  });

  test.each<[string, Record<string, unknown>]>([
    ['another version', { v: 2 }],
    ['no version', { v: undefined }],
    ['a kind that is not known', { kind: 'root' }],
    ['a user without an id', { id: undefined }],
    ['an anonymous caller with an id', { kind: 'anonymous' }],
    ['no expiry', { exp: undefined }],
    ['scopes as a text', { scopes: 'all' }],
    ['claims as a list', { claims: [] }],
  ])('with %s is refused, though it is signed', (_what, facts) => {
    const { 'x-tributary-principal': value } = principalHeaders({ aud: 'reviews', ...facts });
    const readPrincipal = principalReader({ audience: 'reviews', secrets: [principalSecret] });
    expect(() => readPrincipal({ 'x-tributary-principal': value })).toThrow('is of another version');
  });

  test('says nothing under another name', () => {
    const readPrincipal = principalReader({ audience: 'reviews', secrets: [SECRET], now: () => AT });
    expect(
      readPrincipal({ 'x-principal': USER, authorization: `Bearer ${USER}`, 'x-user-id': 'u-0001' }),
    ).toEqual(anonymous);
  });
});

describe('subgraph: the secret of the principal header', () => {
  const long = 'x'.repeat(32);

  test('is taken from the environment, with the one before', () => {
    expect([
      readPrincipalSecrets({}),
      readPrincipalSecrets({ PRINCIPAL_SECRET: long }),
      readPrincipalSecrets({ PRINCIPAL_SECRET: long, PRINCIPAL_SECRET_PREVIOUS: 'y'.repeat(32) }),
    ]).toEqual([[], [long], [long, 'y'.repeat(32)]]);
  });

  test('must be there in production', () => {
    expect(() => readPrincipalSecrets({ NODE_ENV: 'production', PRINCIPAL_SECRET: '' })).toThrow(
      'The environment variable PRINCIPAL_SECRET must be a text of 32 bytes or more, the same as the gateway’s.',
    );
  });

  test('that is too short is refused, and not repeated', () => {
    expect(() => readPrincipalSecrets({ PRINCIPAL_SECRET: 'S3CR3T' })).toThrow(
      /^The environment variable PRINCIPAL_SECRET must be a text of 32 bytes or more\.$/,
    );
  });
});
