import { readFileSync } from 'node:fs';
import path from 'node:path';
import { operationFromDocument, Supergraph } from '@apollo/federation-internals';
import { prettyFormatQueryPlan, QueryPlanner } from '@apollo/query-planner';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { folder, removeFolder, runCommand, supergraphYaml, writeFile } from './commandHarness.ts';

afterAll(removeFolder);

/** What `@apollo/query-planner` itself prints for the same supergraph. */
function expectedPlan(supergraphSdl: string, operation: string, operationName?: string): string {
  const supergraph = Supergraph.build(supergraphSdl);
  const document = parse(operation);
  const planned = operationFromDocument(
    supergraph.apiSchema(),
    document,
    operationName ? { operationName } : {},
  );
  return `${prettyFormatQueryPlan(new QueryPlanner(supergraph).buildQueryPlan(planned))}\n`;
}

describe('tributary plan', () => {
  test('prints the plan of @apollo/query-planner, of a file and of standard input', async () => {
    writeFile('supergraph.yaml', supergraphYaml);
    // two planners may choose the same fetches and write their fields in another order
    writeFile('stock.yaml', 'engine: apollo');
    const operation = 'query Names { top { name } } query Stars { top { name stars } }';
    writeFile('operation.graphql', operation);
    await runCommand('compose --output composed.graphql');
    const sdl = readFileSync(path.join(folder, 'composed.graphql'), 'utf8');
    const [named, piped] = await Promise.all([
      runCommand(
        'plan operation.graphql --operation-name Stars --supergraph composed.graphql --settings stock.yaml',
      ),
      runCommand('plan - --settings stock.yaml', { input: '{ top { stars } }' }),
    ]);
    expect(named).toEqual({ code: 0, stdout: expectedPlan(sdl, operation, 'Stars'), stderr: '' });
    expect(named.stdout).toContain('Fetch(service: "reviews")');
    expect(piped).toEqual({ code: 0, stdout: expectedPlan(sdl, '{ top { stars } }'), stderr: '' });
  });

  test('prints the plan of the compiled engine in the same form', async () => {
    writeFile('supergraph.yaml', supergraphYaml);
    const { code, stdout } = await runCommand('plan -', { input: '{ top { stars } }' });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^QueryPlan \{\n {2}Sequence \{\n/)]);
    expect(stdout).toContain('Fetch(service: "reviews")');
  });

  test('refuses an operation that is not valid in one sentence, with file, line and column', async () => {
    writeFile('supergraph.yaml', supergraphYaml);
    writeFile('invalid.graphql', 'query {\n  top { nme }\n}\n');
    const [invalid, syntax, missing, nameless] = await Promise.all([
      runCommand('plan invalid.graphql'),
      runCommand('plan -', { input: '{ top {' }),
      runCommand('plan none.graphql'),
      runCommand('plan - --operation-name C', { input: 'query A { top { name } } query B { top { id } }' }),
    ]);
    // the words after the place are graphql-js's
    expect(invalid).toEqual({
      code: 2,
      stdout: '',
      stderr: 'invalid.graphql:2:9 Cannot query field "nme" on type "Product". Did you mean "name"?\n',
    });
    expect(syntax).toEqual({
      code: 2,
      stdout: '',
      stderr: '-:1:8 Syntax Error: Expected Name, found <EOF>.\n',
    });
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('none.graphql')]);
    expect([nameless.code, nameless.stderr.trim().split('\n')]).toEqual([
      2,
      [expect.stringContaining('"C"')],
    ]);
  });
});
