import { readFile } from 'node:fs/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readGraphiqlBundle } from './graphiqlBundle.ts';
import { graphiqlNotBuiltPage, graphiqlPage } from './graphiqlPage.ts';
import { type Page, pageHeaders } from './pageHeaders.ts';
import { sandboxPage } from './sandboxPage.ts';

const sandboxPath = '/';
const graphiqlPath = '/graphiql';

/** Which pages are served, and what they open with. A page that is off is not registered: the app's own 404 answers. */
export interface ExplorerOptions {
  /** Path of the GraphQL endpoint, on the same origin. */
  readonly graphqlPath: string;
  /** Serve Apollo Sandbox at `/`. It is loaded from the internet. */
  readonly sandbox: boolean;
  /** Serve the bundled GraphiQL at `/graphiql`. It needs no internet. */
  readonly graphiql: boolean;
  /** The sample query that the pages open with. */
  readonly document: string | undefined;
  /** Request headers that the pages' header editors open with. Everyone who can open a page can read them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Folders to look for the built GraphiQL in; found by itself when absent. */
  readonly bundleFolders?: readonly string[];
}

/** Registers the pages on which people explore the graph. */
export async function registerExplorerPages(app: FastifyInstance, options: ExplorerOptions): Promise<void> {
  if (options.sandbox) registerSandbox(app, options);
  if (options.graphiql) registerGraphiql(app, options);
}

function registerSandbox(app: FastifyInstance, options: ExplorerOptions): void {
  const { graphqlPath, document, headers } = options;
  const offlinePath = options.graphiql ? graphiqlPath : undefined;
  app.get(sandboxPath, async (_request, reply) =>
    sendPage(reply, sandboxPage({ graphqlPath, document, headers, offlinePath })),
  );
}

function registerGraphiql(app: FastifyInstance, options: ExplorerOptions): void {
  const { graphqlPath, document, headers } = options;
  /* Read at each request, which are few and by hand: a gateway that runs while GraphiQL is built needs no restart. */
  const findBundle = () => readGraphiqlBundle(options.bundleFolders);

  app.get(graphiqlPath, async (_request, reply) => {
    const found = await findBundle();
    if (found === undefined) return sendPage(reply.code(503), graphiqlNotBuiltPage());
    return sendPage(reply, graphiqlPage(found, { graphqlPath, document, headers, assetsPath: graphiqlPath }));
  });

  app.get(`${graphiqlPath}/:name`, async (request: FastifyRequest<{ Params: { name: string } }>, reply) => {
    const asset = (await findBundle())?.assets.get(request.params.name);
    if (asset === undefined) return reply.callNotFound();
    reply.headers({
      'cache-control': 'public, max-age=31536000, immutable',
      etag: asset.etag,
      'x-content-type-options': 'nosniff',
    });
    if (request.headers['if-none-match']?.includes(asset.etag)) return reply.code(304).send();
    return reply.type(asset.contentType).send(await readFile(asset.path));
  });
}

function sendPage(reply: FastifyReply, page: Page): FastifyReply {
  return reply.headers(pageHeaders(page)).send(page.html);
}
