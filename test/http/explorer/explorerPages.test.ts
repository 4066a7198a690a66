import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type FastifyInstance, fastify } from 'fastify';
import { type ExplorerOptions, registerExplorerPages } from '../../../gateway/http/explorer/explorerPages.ts';

const hostileDocument = 'query A { a(b: "</script><script>alert(1)</script><!-- & \u2028\u2029") }';

let bundleFolder: string;
let emptyFolder: string;

beforeAll(async () => {
  bundleFolder = await mkdtemp(path.join(tmpdir(), 'tributary-explorer-'));
  emptyFolder = await mkdtemp(path.join(tmpdir(), 'tributary-explorer-'));
  await writeFile(
    path.join(bundleFolder, 'manifest.json'),
    JSON.stringify({
      script: 'explorer-AAAA.js',
      style: 'explorer-BBBB.css',
      files: [
        { name: 'explorer-AAAA.js', contentType: 'text/javascript; charset=utf-8', bytes: 6, hash: 'a1' },
        { name: 'explorer-BBBB.css', contentType: 'text/css; charset=utf-8', bytes: 2, hash: 'b2' },
      ],
    }),
  );
  await writeFile(path.join(bundleFolder, 'explorer-AAAA.js'), 'run();');
  await writeFile(path.join(bundleFolder, 'explorer-BBBB.css'), 'a{');
  await writeFile(path.join(bundleFolder, 'stray.js'), 'secret');
});

afterAll(async () => {
  await rm(bundleFolder, { recursive: true });
  await rm(emptyFolder, { recursive: true });
});

async function appWith(options: Partial<ExplorerOptions>): Promise<FastifyInstance> {
  const app = fastify();
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ errors: [{ message: 'Not found' }] }));
  await registerExplorerPages(app, {
    graphqlPath: '/graphql',
    sandbox: true,
    graphiql: true,
    document: 'query Sample { me { name } }',
    bundleFolders: [bundleFolder],
    ...options,
  });
  return app;
}

/** The scripts and data blocks as an HTML parser delimits them. */
function scriptsOf(html: string): string[] {
  return [...html.matchAll(/<script[^>]*>(.*?)<\/script/gis)].map((match) => match[1] ?? '');
}

describe('explorer: which pages are served', () => {
  test.each(['/', '/graphiql', '/graphiql/explorer-AAAA.js'])(
    "answers %s with the app's own 404 when both pages are off",
    async (url) => {
      const app = await appWith({ sandbox: false, graphiql: false });
      const response = await app.inject({ url });
      expect(response.statusCode).toBe(404);
      expect(response.json()).toEqual({ errors: [{ message: 'Not found' }] });
    },
  );

  test('serves GraphiQL without Sandbox', async () => {
    const app = await appWith({ sandbox: false });
    expect((await app.inject({ url: '/' })).statusCode).toBe(404);
    expect((await app.inject({ url: '/graphiql' })).statusCode).toBe(200);
  });

  test('serves Sandbox without GraphiQL, and offers no link to it', async () => {
    const app = await appWith({ graphiql: false });
    const response = await app.inject({ url: '/' });
    expect(response.statusCode).toBe(200);
    expect(response.body).not.toContain('/graphiql');
  });

  test.each(['/', '/graphiql', '/graphiql/explorer-AAAA.js'])(
    'answers HEAD %s without a body',
    async (url) => {
      const app = await appWith({});
      const response = await app.inject({ method: 'HEAD', url });
      expect(response.statusCode).toBe(200);
      expect(response.body).toBe('');
    },
  );
});

describe('explorer: headers of the pages', () => {
  test.each(['/', '/graphiql'])('%s is HTML that is not stored, framed or guessed', async (url) => {
    const app = await appWith({});
    const { headers } = await app.inject({ url });
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'strict-origin',
      'content-security-policy': expect.stringMatching(/^default-src 'none'; .*frame-ancestors 'none'/),
    });
  });

  test('the policy of Sandbox names its nonce, the endpoint and the frame, and nothing else', async () => {
    const app = await appWith({});
    const { headers, body } = await app.inject({ url: '/' });
    const nonce = /<script nonce="([^"]+)"/.exec(body)?.[1];
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
        `script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; img-src data:; connect-src 'self'; ` +
        'frame-src https://sandbox.embed.apollographql.com',
    );
  });

  test('Sandbox gets another nonce with every response', async () => {
    const app = await appWith({});
    const first = await app.inject({ url: '/' });
    const second = await app.inject({ url: '/' });
    expect(first.headers['content-security-policy']).not.toBe(second.headers['content-security-policy']);
  });

  test('the policy of GraphiQL allows scripts of the gateway only', async () => {
    const app = await appWith({});
    const { headers } = await app.inject({ url: '/graphiql' });
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
        "script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; " +
        "img-src 'self' data:; connect-src 'self'",
    );
  });
});

describe('explorer: values written into the pages', () => {
  test.each(['/', '/graphiql'])('a document that ends a script does not end one on %s', async (url) => {
    const plain = await (await appWith({})).inject({ url });
    const hostile = await (await appWith({ document: hostileDocument })).inject({ url });
    expect(scriptsOf(hostile.body)).toHaveLength(scriptsOf(plain.body).length);
    expect(hostile.body).not.toMatch(/alert\(1\)<|<!--|[\u2028\u2029]/);
  });

  test.each(['/', '/graphiql'])('a path that ends a script does not end one on %s', async (url) => {
    const app = await appWith({ graphqlPath: '/</script><script>alert(1)</script>' });
    const { body } = await app.inject({ url });
    expect(body).not.toContain('<script>alert(1)');
  });

  test('GraphiQL reads back the settings as they were given', async () => {
    const app = await appWith({ document: hostileDocument, headers: { 'x-team': '<me & you>' } });
    const { body } = await app.inject({ url: '/graphiql' });
    expect(JSON.parse(scriptsOf(body)[0] ?? '')).toEqual({
      endpoint: '/graphql',
      document: hostileDocument,
      headers: { 'x-team': '<me & you>' },
    });
  });
});

describe('explorer: files of GraphiQL', () => {
  test('a built file is served with its type, to be kept for good', async () => {
    const app = await appWith({});
    const response = await app.inject({ url: '/graphiql/explorer-AAAA.js' });
    expect(response.statusCode).toBe(200);
    expect(response.body).toBe('run();');
    expect(response.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      etag: '"a1"',
    });
  });

  test('a built file that the browser has is not sent again', async () => {
    const app = await appWith({});
    const response = await app.inject({
      url: '/graphiql/explorer-AAAA.js',
      headers: { 'if-none-match': '"a1"' },
    });
    expect(response.statusCode).toBe(304);
    expect(response.body).toBe('');
  });

  test.each([
    '/graphiql/',
    '/graphiql/stray.js',
    '/graphiql/manifest.json',
    '/graphiql/__proto__',
    '/graphiql/..%2fmanifest.json',
    '/graphiql/%2e%2e%2f%2e%2e%2fpackage.json',
    '/graphiql/../../package.json',
  ])('%s is not found', async (url) => {
    const app = await appWith({});
    expect((await app.inject({ url })).statusCode).toBe(404);
  });

  test('the page says how to build GraphiQL while it is not built', async () => {
    const app = await appWith({ bundleFolders: [emptyFolder] });
    const response = await app.inject({ url: '/graphiql' });
    expect(response.statusCode).toBe(503);
    expect(response.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(response.body).toContain('run <code>npm run build</code>');
  });

  test('a file is not found while GraphiQL is not built', async () => {
    const app = await appWith({ bundleFolders: [emptyFolder] });
    expect((await app.inject({ url: '/graphiql/explorer-AAAA.js' })).statusCode).toBe(404);
  });
});
