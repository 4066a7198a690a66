import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import { warnOfUnknownSubgraphs } from '../../gateway/commands/unknownSubgraphs.ts';
import { compiledEngine } from '../../gateway/engines/compiledEngine.ts';
import { Gateway } from '../../gateway/gateway.ts';
import { readSettings } from '../../gateway/settings.ts';
import { supergraphFromSdl } from '../../gateway/supergraph/supergraph.ts';
import { engineOptions } from '../support/engineOptions.ts';
import { supergraphOf } from '../support/runningGateway.ts';

const graphOf = (...names: string[]): ReturnType<typeof supergraphFromSdl> =>
  supergraphFromSdl(
    supergraphOf(
      names.map((name) => ({
        name,
        // a `}` in a URL does not end the enum
        url: `http://127.0.0.1:1/{${name}}`,
        sdl: `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@shareable"])\ntype Query { a: Int @shareable }`,
      })),
    ),
  );

test('settings for subgraphs that are not there are logged once, and again when others are missing', async () => {
  const logged: unknown[] = [];
  const log = pino({}, { write: (line) => void logged.push(JSON.parse(line).settings) });
  const settings = {
    ...readSettings({ env: {}, cwd: import.meta.dirname }),
    traffic_shaping: { subgraphs: { reviews: {}, reviws: {} } },
    headers: { subgraphs: { products: {} } },
    dev: { subgraphs: { other: {} } },
  };
  const gateway = new Gateway(compiledEngine(engineOptions()), pino({ level: 'silent' }));
  warnOfUnknownSubgraphs(gateway, settings as never, log);
  await gateway.swap(graphOf('reviews', 'products'));
  await gateway.swap(graphOf('reviews', 'products', 'accounts'));
  await gateway.swap(graphOf('reviews'));
  await gateway.stop();
  expect(logged).toEqual([
    ['traffic_shaping.subgraphs.reviws'],
    ['traffic_shaping.subgraphs.reviws', 'headers.subgraphs.products'],
  ]);
});
