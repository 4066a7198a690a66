import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { parse as parseYaml } from 'yaml';
import { findPostgres, type PostgresChoice, startPostgres, type TestPostgres } from '../support/postgres.ts';
import { readComposeFile, startOrder } from './composeFile.ts';
import { environmentOf, lastOf, readDockerfile, type Stage } from './dockerfile.ts';
import { buildImageFolder, type ImageFolder } from './imageFolder.ts';
import { RunningServices } from './runningServices.ts';

type Programs = Extract<PostgresChoice, { kind: 'programs' }>;

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const composeText = read('docker-compose.yml');
const compose = readComposeFile(composeText, {
  PRINCIPAL_SECRET: 'the secret of a gateway and its subgraphs',
});
const services = Object.entries(compose.services);
const ours = services.filter(([name]) => name !== 'postgres');
const subgraphs = ours.filter(([name]) => name !== 'gateway').map(([name]) => name);
const stages = readDockerfile(read('deploy/Dockerfile')) as readonly [Stage, Stage];
const [build, runtime] = stages;

describe('deploy/Dockerfile', () => {
  test('has a stage that builds and a stage that runs, on the same pinned, slim Node.js', () => {
    expect(stages.map(({ name }) => name)).toEqual(['build', 'runtime']);
    expect(build.image).toBe(runtime.image);
    expect(runtime.image).toMatch(/^node:\d+\.\d+-bookworm-slim$/);
  });

  test('installs from the lock file and runs no install scripts', () => {
    const installs = build.instructions.filter(({ text }) => /^npm (ci|prune|install)/.test(text));
    expect(installs.map(({ text }) => text)).toEqual([
      'npm ci --ignore-scripts',
      'npm prune --omit=dev --ignore-scripts',
    ]);
  });

  test('runs as a user without rights, for production', () => {
    expect(lastOf(runtime, 'USER').text).toBe('node');
    expect(environmentOf(runtime)).toEqual({ NODE_ENV: 'production', HOST: '0.0.0.0', PORT: '4000' });
  });

  test('starts Node.js without a shell between, so that signals reach it', () => {
    expect(JSON.parse(lastOf(runtime, 'CMD').text)).toEqual([
      'node',
      '--max-semi-space-size=64',
      '--heap-growing-percent=400',
      'dist/gateway/main.js',
      'serve',
    ]);
    expect(runtime.instructions.filter(({ name }) => name === 'ENTRYPOINT')).toEqual([]);
  });

  test('checks the health as the services of docker-compose.yml do', () => {
    const command = lastOf(runtime, 'HEALTHCHECK').text.replace(/^.*?CMD /, '');
    for (const [, { healthcheck }] of ours) expect(healthcheck.test).toEqual(['CMD', ...JSON.parse(command)]);
  });

  test('copies only what .dockerignore lets through', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = build.instructions
      .filter(({ name }) => name === 'COPY')
      .flatMap(({ text }) => text.split(' ').slice(0, -1));
    expect(copied.toSorted()).toEqual(allowed.toSorted());
  });
});

describe('docker-compose.yml', () => {
  test('has a service for the gateway, for each subgraph, and for PostgreSQL', () => {
    const folders = Object.keys(
      (parseYaml(read('supergraph.yaml')) as { subgraphs: Record<string, unknown> }).subgraphs,
    );
    expect(services.map(([name]) => name).toSorted()).toEqual(['gateway', 'postgres', ...folders].toSorted());
  });

  test.each(ours)('builds %s from the one Dockerfile', (_name, { build: built, image, user }) => {
    expect(built).toEqual({ context: '.', dockerfile: 'deploy/Dockerfile' });
    expect({ image, user }).toEqual({});
  });

  test.each(services)('takes from %s all rights that it does not need', (name, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      restart: 'unless-stopped',
    });
    if (name === 'postgres') expect(service.user).toBe('postgres');
  });

  test.each(services)('opens no port of %s to other machines', (name, { ports }) => {
    expect(ports).toEqual(name === 'gateway' ? ['127.0.0.1:4000:4000'] : []);
  });

  test('gives gateway and subgraphs the secret of the principal header, and is refused without one', () => {
    const holders = services.filter(([, { environment }]) => environment.PRINCIPAL_SECRET !== undefined);
    expect(holders.map(([name]) => name).toSorted()).toEqual(['gateway', ...subgraphs].toSorted());
    expect(() => readComposeFile(composeText)).toThrow(
      'required variable PRINCIPAL_SECRET is missing a value',
    );
  });

  test('holds no secret but the default of POSTGRES_PASSWORD for local use', () => {
    const secrets = composeText
      .split('\n')
      .filter((line) => /password|secret|token|:\/\/[^/]*@/i.test(line) && !/PRINCIPAL_SECRET:\?/.test(line));
    const settings = secrets.filter((line) => !line.trimStart().startsWith('#'));
    expect(settings).toHaveLength(subgraphs.length + 1);
    for (const line of settings) expect(line).toMatch(/[:\s]\$\{POSTGRES_PASSWORD:-tributary\}(@|$)/);
  });

  test('gives each subgraph a database of its own, which deploy/postgres/init.sql makes', () => {
    const made = [...read('deploy/postgres/init.sql').matchAll(/^CREATE DATABASE (\w+) OWNER (\w+);$/gm)];
    expect(made.map(([, name, owner]) => `${owner}@${name}`)).toEqual(
      subgraphs.map((name) => `${name}@${name}`),
    );
    for (const name of subgraphs) {
      expect(compose.services[name]?.environment.DATABASE_URL).toBe(
        `postgres://${name}:tributary@postgres:5432/${name}`,
      );
    }
  });

  test('mounts files that exist, and volumes that it declares', () => {
    const sources = services.flatMap(([, { volumes }]) =>
      volumes.map((volume) => volume.split(':')[0] ?? ''),
    );
    const files = sources.filter((source) => source.startsWith('./'));
    for (const file of files) expect([file, existsSync(path.join(root, file))]).toEqual([file, true]);
    const named = sources.filter((source) => !source.startsWith('./'));
    expect(named.toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
  });

  test('waits with every start for the health of what is needed', () => {
    const conditions = services.flatMap(([, { depends_on }]) => Object.values(depends_on));
    expect(new Set(conditions.map(({ condition }) => condition))).toEqual(new Set(['service_healthy']));
    expect(startOrder(compose)).toEqual(['postgres', ...subgraphs, 'gateway']);
  });

  const client = spawnSync('docker', ['compose', 'version'], { encoding: 'utf8' });
  if (client.status === 0) {
    test('is what docker compose accepts', () => {
      execFileSync('docker', ['compose', '-f', 'docker-compose.yml', 'config', '--quiet'], {
        cwd: root,
        env: { ...process.env, PRINCIPAL_SECRET: 'x'.repeat(32) },
      });
    });
  } else console.warn('No `docker compose` on this machine: its own check of docker-compose.yml is not run.');
});

describe('the services of docker-compose.yml, on loopback', () => {
  const choice = findPostgres();
  let image: ImageFolder;
  let filesBefore: readonly string[];
  let postgres: TestPostgres | undefined;
  let running: RunningServices | undefined;

  beforeAll(async () => {
    image = await buildImageFolder(stages);
    for (const volume of compose.services.gateway?.volumes ?? []) {
      const [source = '', target = ''] = volume.split(':');
      if (source.startsWith('./'))
        cpSync(path.join(root, source), path.join(image.app, path.relative('/app', target)));
    }
    filesBefore = image.list();
    let postgresPort: number | undefined;
    if (choice.kind === 'programs') {
      postgres = await startPostgres(choice);
      postgresPort = await prepareDatabases(postgres, choice);
    } else console.warn('The services run over SQLite here: PostgreSQL is not started by this test.');
    running = await RunningServices.prepare({
      file: compose,
      app: image.app,
      imageEnvironment: environmentOf(runtime),
      postgresPort,
    });
    for (const name of startOrder(compose)) {
      if (name !== 'postgres') await running.start(name);
    }
  }, 120_000);

  afterAll(async () => {
    running?.killAll();
    await postgres?.stop();
    image?.remove();
  });

  const post = async (query: string, headers: Record<string, string> = {}): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${running?.portOf('gateway')}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query }),
    });
    return response.json();
  };

  test('every health check of the file succeeds', async () => {
    for (const [name] of services) {
      if (name === 'postgres' && choice.kind !== 'programs') continue;
      const folder = choice.kind === 'programs' ? clientFolder(choice) : '';
      const result = await running?.checkHealth(name, folder);
      expect([name, result?.exitCode, result?.output]).toEqual([name, 0, expect.any(String)]);
    }
  });

  test('the health check fails where nothing listens', async () => {
    const { status, stderr } = spawnSync(process.execPath, ['deploy/healthCheck.mjs'], {
      cwd: image.app,
      env: { PORT: '1' },
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('ECONNREFUSED') });
  });

  test('answer a query over all four subgraphs', async () => {
    const answer = await post(
      '{ topProducts(first: 2) { name inStock averageRating reviews(first: 1) { nodes { author { name } } } } }',
    );
    const product = {
      name: expect.any(String),
      inStock: expect.any(Boolean),
      averageRating: expect.any(Number),
      reviews: { nodes: [{ author: { name: expect.any(String) } }] },
    };
    expect(answer).toEqual({ data: { topProducts: [product, product] } });
  });

  test('the gateway knows users by the tokens that accounts sign, and reviews by what it tells them', async () => {
    const signedIn = (await post(
      'mutation { signIn(username: "ada", password: "tributary") { ... on SignedIn { token } } }',
    )) as { data: { signIn: { token: string } } };
    const answer = await post('mutation { voteHelpful(id: "no-such-review") { id } }', {
      authorization: `Bearer ${signedIn.data.signIn.token}`,
    });
    // known by the token, and refused for the review
    expect(answer).toMatchObject({ errors: [{ extensions: { code: expect.not.stringMatching(/UNAUTH/) } }] });
  });

  test('introspection and the explorer pages are off', async () => {
    const origin = `http://127.0.0.1:${running?.portOf('gateway')}`;
    expect((await fetch(`${origin}/graphiql`)).status).toBe(404);
    expect(await post('{ __schema { queryType { name } } }')).toMatchObject({ errors: [expect.anything()] });
  });

  test('end with exit code 0 on SIGTERM, and have written only where a volume is', async () => {
    const names = startOrder(compose)
      .filter((name) => name !== 'postgres')
      .toReversed();
    for (const name of names) expect([name, await running?.stop(name)]).toEqual([name, 0]);
    expect(image.list()).toEqual(filesBefore);
  });
});

/** Runs init.sql as the entry point of PostgreSQL's image does; gives the server's port. */
async function prepareDatabases(server: TestPostgres, choice: Programs): Promise<number> {
  const url = new URL(await server.createDatabase());
  url.pathname = '/postgres';
  execFileSync(
    path.join(clientFolder(choice), 'psql'),
    ['-v', 'ON_ERROR_STOP=1', '--no-password', '--no-psqlrc', '-f', 'deploy/postgres/init.sql', url.href],
    { cwd: root, env: { POSTGRES_PASSWORD: 'tributary' }, stdio: 'pipe' },
  );
  await expectSeparateDatabases(url.href);
  return Number(url.port);
}

/** Where `psql` and `pg_isready` are: beside the server's program, which the PATH may know by a link only. */
function clientFolder({ folder }: Programs): string {
  return path.dirname(realpathSync(path.join(folder, 'postgres')));
}

async function expectSeparateDatabases(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ role: string; database: string }>(
      `select rolname as role, datname as database from pg_roles, pg_database
       where rolname = any($1) and datname = any($1) and has_database_privilege(rolname, datname, 'connect')
       order by role`,
      [subgraphs],
    );
    expect(rows).toEqual(subgraphs.toSorted().map((name) => ({ role: name, database: name })));
  } finally {
    await client.end();
  }
}
