import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that gives one SDL to `Query._service`, and can be told to give another, or to fail. */
export interface SdlServer {
  readonly url: string;
  readonly requests: readonly {
    readonly body: string;
    readonly headers: Readonly<Record<string, unknown>>;
  }[];
  /** SDL to give, a whole answer, or the body to answer a query with. */
  answer: string | { readonly status: number; readonly body: string } | ((query: string) => string);
  close(): Promise<void>;
}

/** @param port 0 takes a free one */
export async function startSdlServer(sdl: string, port = 0): Promise<SdlServer> {
  const requests: { body: string; headers: Record<string, unknown> }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      requests.push({ body, headers: request.headers });
      const { answer } = started;
      response.setHeader('content-type', 'application/json');
      if (typeof answer === 'string') response.end(JSON.stringify({ data: { _service: { sdl: answer } } }));
      else if (typeof answer === 'function') response.end(answer(JSON.parse(body).query));
      else {
        response.statusCode = answer.status;
        response.end(answer.body);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const started: SdlServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    requests,
    answer: sdl,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return started;
}
