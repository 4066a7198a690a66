import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chownSync, constants, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';

/** A PostgreSQL server for tests. */
export interface TestPostgres {
  /** Makes an empty database and gives its URL. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** How a test file comes by a server, or why it cannot. */
export type PostgresChoice =
  | { readonly kind: 'given'; readonly url: string }
  | { readonly kind: 'programs'; readonly folder: string }
  | { readonly kind: 'missing'; readonly reason: string };

/**
 * Looks for a server: `TEST_DATABASE_URL`, else the programs `initdb` and `postgres`. When there is neither it warns,
 * and the caller skips; where `CI=true` it throws, since a test that nobody runs proves nothing.
 */
export function findPostgres(): PostgresChoice {
  const url = process.env.TEST_DATABASE_URL;
  if (url) return { kind: 'given', url };
  const folder = programFolders().find((candidate) =>
    ['initdb', 'postgres'].every((it) => runs(candidate, it)),
  );
  if (folder) return { kind: 'programs', folder };
  const reason =
    'neither TEST_DATABASE_URL is set, nor are `initdb` and `postgres` on the PATH or in /usr/lib/postgresql';
  if (process.env.CI === 'true') throw new Error(`The tests over PostgreSQL cannot run: ${reason}.`);
  console.warn(`The tests over PostgreSQL are skipped: ${reason}.`);
  return { kind: 'missing', reason };
}

function programFolders(): readonly string[] {
  const root = '/usr/lib/postgresql';
  const onPath = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  try {
    const versions = readdirSync(root).sort((one, other) => Number(other) - Number(one));
    return [...onPath, ...versions.map((version) => path.join(root, version, 'bin'))];
  } catch {
    return onPath;
  }
}

function runs(folder: string, program: string): boolean {
  try {
    accessSync(path.join(folder, program), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts the server that `findPostgres` found; a given one is used as it is, in databases of its own. */
export async function startPostgres(
  choice: Exclude<PostgresChoice, { kind: 'missing' }>,
): Promise<TestPostgres> {
  if (choice.kind === 'given') return serverAt(choice.url, async () => {});
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tributary-postgres-'));
  const data = path.join(folder, 'data');
  const account = findAccount();
  if (account) chownSync(folder, account.uid, account.gid);
  const run = { cwd: folder, ...account };
  execFileSync(
    path.join(choice.folder, 'initdb'),
    ['-D', data, '-U', 'tributary', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'],
    { ...run, stdio: 'pipe' },
  );
  const port = await freePort();
  const options = [
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${folder}`,
    'fsync=off',
    'max_connections=60',
  ];
  const server = spawn(
    path.join(choice.folder, 'postgres'),
    ['-D', data, '-p', String(port), ...options.flatMap((option) => ['-c', option])],
    { ...run, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  // a test run that is interrupted leaves no server behind
  const end = () => server.kill('SIGQUIT');
  process.once('exit', end);
  await readiness(server);
  return serverAt(`postgres://tributary@127.0.0.1:${port}/postgres`, async () => {
    process.off('exit', end);
    const ended = once(server, 'exit');
    server.kill('SIGINT');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
}

/** PostgreSQL refuses to run as root; root runs it as the account made for it, or as nobody. */
function findAccount(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) =>
        Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // no such account: the next one
    }
  }
  throw new Error(
    'PostgreSQL does not run as root, and there is neither an account `postgres` nor `nobody`.',
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address === 'object' && address) return address.port;
  throw new Error('No port is free.');
}

function readiness(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    server.stderr?.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
      if (output.includes('ready to accept connections')) resolve();
    });
    server.once('exit', () => reject(new Error(`PostgreSQL ended at its start:\n${output}`)));
  });
}

function serverAt(url: string, stopServer: () => Promise<void>): TestPostgres {
  const created: string[] = [];
  const administer = async (statement: string) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  };
  return {
    async createDatabase() {
      const name = `tributary_test_${process.pid}_${created.length + 1}`;
      await administer(`create database ${name}`);
      created.push(name);
      const own = new URL(url);
      own.pathname = `/${name}`;
      return own.href;
    },
    async stop() {
      for (const name of created) await administer(`drop database if exists ${name} with (force)`);
      await stopServer();
    },
  };
}
