import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AuditResult, serverAudits } from 'graphql-http';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

/*
 * The audit suite of the GraphQL Foundation's reference implementation. An audit listed here must fail: one that starts to
 * pass leaves the list.
 */
const answers400 =
  'clients of Apollo Server expect 400 for failed parsing, validation and coercion under application/json too; the draft of August 2026 agrees';
const csrfRule = 'a GET without a preflight header is refused: the rule against cross-site request forgery';

const exempt: Readonly<Record<string, string>> = {
  '572B': answers400,
  FDE2: answers400,
  '7B9B': answers400,
  '5A70': csrfRule,
  D6D5: csrfRule,
  '6A70': csrfRule,
};
const passesAfterPreflight = Object.keys(exempt).filter((id) => exempt[id] === csrfRule);

const preflightFetch: typeof fetch = (input, init) =>
  fetch(input, {
    ...init,
    headers: { ...(init?.headers as Record<string, string>), 'apollo-require-preflight': '1' },
  });

let subgraph: StubSubgraph;
let gateway: GatewayUnderTest;

beforeAll(async () => {
  subgraph = await startStubSubgraph('greeter', 'type Query { hello: String }', {
    Query: { hello: () => 'hello' },
  });
  gateway = await startGateway({ subgraphs: [subgraph] });
});

afterAll(async () => {
  await gateway?.stop();
  await subgraph?.close();
});

const url = (): string => `${gateway.url}/graphql`;
const audits = serverAudits({ url });
const auditsAfterPreflight = serverAudits({ url, fetchFn: preflightFetch });

function verdict(result: AuditResult): string {
  return result.status === 'ok' ? 'ok' : `${result.status}: ${result.reason}`;
}

describe('conformance: GraphQL over HTTP', () => {
  test('the suite has its 61 audits', () => {
    expect(audits.length).toBe(61);
  });

  test('only audits of the suite are exempt', () => {
    const ids = new Set(audits.map(({ id }) => id));
    expect(Object.keys(exempt).filter((id) => !ids.has(id))).toEqual([]);
  });

  test.each(audits.filter(({ id }) => !Object.hasOwn(exempt, id)))('$id $name', async ({ fn }) => {
    expect(verdict(await fn())).toBe('ok');
  });

  test.each(audits.filter(({ id }) => Object.hasOwn(exempt, id)))(
    '$id differs on purpose: $name',
    async ({ id, name, fn }) => {
      // No MUST may be exempt: a failed MUST is `error`, a SHOULD `warn`, a MAY `notice`.
      const status = name.startsWith('SHOULD') ? 'warn' : 'notice';
      expect([id, (await fn()).status]).toEqual([id, status]);
    },
  );

  test.each(auditsAfterPreflight.filter(({ id }) => passesAfterPreflight.includes(id)))(
    '$id with `apollo-require-preflight`: $name',
    async ({ fn }) => {
      expect(verdict(await fn())).toBe('ok');
    },
  );
});
