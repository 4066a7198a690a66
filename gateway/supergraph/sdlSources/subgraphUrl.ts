import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery, printSchema } from 'graphql';
import { GatewayError } from '../../errors.ts';
import { boundedRequest, requestProblem, withoutSecrets } from '../../runtime/boundedRequest.ts';
import type { FollowedInstances } from '../discoveries.ts';
import type { Instance } from '../instance.ts';
import type { MakeSdlSource } from '../sdlSource.ts';

/** Source: Federation subgraph specification, "Enhanced introspection with `Query._service`". */
const SERVICE_SDL = 'query SubgraphSdl { _service { sdl } }';

/**
 * `schema: { subgraph_url: http://127.0.0.1:4002/graphql }`: asks the running subgraph for its SDL; of `consul://reviews`
 * one of its instances, at random. A server that is no federation subgraph (it does not know `_service`) is read by standard
 * introspection, as `rover dev` does.
 */
export const subgraphUrlSource: MakeSdlSource<'subgraph_url'> = (
  { url, headers },
  { subgraph, timeoutMs, maxBytes, follow },
) => ({
  polled: true,
  file: undefined,
  async read(signal) {
    const deadline = AbortSignal.timeout(timeoutMs);
    const instances = follow(subgraph, url);
    try {
      const target = instances === undefined ? { url } : await oneOf(instances);
      const ask = (query: string): Promise<GraphQLAnswer> =>
        post({
          url: target.url,
          headers: target.host === undefined ? headers : { ...headers, host: target.host },
          query,
          maxBytes,
          signal: AbortSignal.any([signal, deadline]),
        });
      const { data, errors } = await ask(SERVICE_SDL);
      const service = data?._service as { sdl?: unknown } | null | undefined;
      if (typeof service?.sdl === 'string') return service.sdl;
      if (!errors?.some(({ message }) => message?.includes('_service'))) {
        throw new Error(errors?.[0]?.message ?? 'the answer holds no `data._service.sdl`');
      }
      const introspection = await ask(getIntrospectionQuery());
      if (introspection.data === undefined || introspection.data === null) {
        throw new Error(
          `it knows neither \`_service\` nor introspection (${introspection.errors?.[0]?.message ?? 'no data'})`,
        );
      }
      return printSchema(buildClientSchema(introspection.data as unknown as IntrospectionQuery));
    } catch (cause) {
      const reason = deadline.aborted ? `no answer within ${timeoutMs} ms` : requestProblem(cause);
      throw new GatewayError('SUBGRAPH_SCHEMA_UNAVAILABLE', {
        message: `Subgraph "${subgraph}" did not give its schema at ${withoutSecrets(url)}: ${reason}`,
        subgraph,
        cause,
      });
    } finally {
      instances?.release();
    }
  },
});

async function oneOf(instances: FollowedInstances): Promise<Pick<Instance, 'url' | 'host'>> {
  await instances.firstRead;
  const { current } = instances;
  const instance = current[Math.floor(Math.random() * current.length)];
  if (instance === undefined) throw new Error('no instance is known');
  return instance;
}

interface GraphQLAnswer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { readonly message?: string }[];
}

interface PostOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

async function post({ url, headers, query, maxBytes, signal }: PostOptions): Promise<GraphQLAnswer> {
  const { status, text } = await boundedRequest({
    url,
    method: 'POST',
    headers: { accept: 'application/json', ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
    maxBytes,
    signal,
  });
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Error(`HTTP ${status} with a body that is not JSON`);
  }
  if (typeof answer !== 'object' || answer === null || !('data' in answer || 'errors' in answer)) {
    throw new Error(`HTTP ${status} with a body that is not a GraphQL response`);
  }
  return answer as GraphQLAnswer;
}
