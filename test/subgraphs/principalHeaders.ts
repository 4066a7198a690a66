import { createHmac } from 'node:crypto';

/** The secret of subgraphs under test. */
export const principalSecret = 'the secret of a gateway and its subgraphs, under test';

/** What the gateway says of a caller; the rest is that of a user without scopes. */
export interface PrincipalFacts {
  readonly [member: string]: unknown;
}

/** The gateway's signed header, written by docs/principal-header.md and by no code of the gateway. */
export function principalHeaders(
  facts: PrincipalFacts,
  secret: string = principalSecret,
): { 'x-tributary-principal': string } {
  const now = Math.floor(Date.now() / 1000);
  const all = {
    v: 1,
    iat: now,
    exp: now + 60,
    kind: 'user',
    id: 'u-0003',
    scopes: [],
    roles: [],
    claims: {},
  };
  const payload = Buffer.from(JSON.stringify({ ...all, ...facts })).toString('base64url');
  const mac = createHmac('sha256', secret).update(payload).digest('base64url');
  return { 'x-tributary-principal': `${payload}.${mac}` };
}

/** A user of the shop, as the gateway tells of one. */
export function userOf(id: string, username: string, scopes: readonly string[] = []): PrincipalFacts {
  return { kind: 'user', id, scopes, claims: { preferred_username: username } };
}
