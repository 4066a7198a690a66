import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GraphQLError, type GraphQLSchema, graphql } from 'graphql';
import type { AiContext } from '../context.ts';
import { type AiErrorCode, aiErrors } from '../errors.ts';
import { formatUsd } from '../money/dollars.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { openApiDocument } from './openApiDocument.ts';
import { answerOf, promptRequest } from './promptRequest.ts';
import { type RestPrompt, restPrompts } from './restPrompts.ts';

export interface RestParts {
  schema(): GraphQLSchema;
  prompts(): readonly Prompt[];
  context(request: FastifyRequest, signal: AbortSignal): AiContext;
  onUnexpected(error: unknown): void;
}

interface RestError {
  readonly code: string;
  readonly message: string;
}

/** Statuses of codes that are not this subgraph's own. */
const statuses: Readonly<Record<string, number>> = {
  BAD_USER_INPUT: 400,
  GRAPHQL_VALIDATION_FAILED: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
};

/**
 * `POST /prompts/<field>` with the arguments as JSON, for teams without GraphQL; `GET /openapi.json` describes it. It is
 * the same execution as over GraphQL: same caller, budgets, limits, cache and metering.
 */
export function serveRest(app: FastifyInstance, parts: RestParts): void {
  app.get('/openapi.json', (request) => {
    const url = `${request.protocol}://${request.host}`;
    return openApiDocument(restPrompts(parts.schema(), parts.prompts()), { url });
  });

  app.post<{ Params: { name: string } }>('/prompts/:name', async (request, reply) => {
    const schema = parts.schema();
    const rest = restPrompts(schema, parts.prompts()).get(request.params.name);
    if (rest === undefined) {
      return reply.code(404).send(errorBody({ code: 'NOT_FOUND', message: 'There is no such prompt.' }));
    }
    const problem = bodyProblem(rest, request.body);
    if (problem !== null) {
      return reply.code(400).send(errorBody({ code: 'BAD_USER_INPUT', message: problem }));
    }
    const left = new AbortController();
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) left.abort(new Error('the client has gone'));
    });
    let context: AiContext;
    try {
      context = parts.context(request, left.signal);
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      const refused = readError(error, parts);
      return reply.code(statusOf(refused.code)).send(errorBody(refused));
    }
    const { query, variables } = promptRequest(rest, request.body as Readonly<Record<string, unknown>>);
    const result = await graphql({ schema, source: query, variableValues: variables, contextValue: context });
    const answer = answerOf(result.data, rest);
    const errors = (result.errors ?? []).map((error) => readError(error, parts));
    const first = errors[0];
    if (answer === null && first) return reply.code(statusOf(first.code)).send(errorBody(first));
    const { nanoUsd } = context.totals;
    if (context.totals.calls > 0 && nanoUsd !== null) void reply.header('x-ai-cost-usd', formatUsd(nanoUsd));
    // what the small models could not fill is null, and the header says that it is not the whole
    if (first) void reply.header('x-ai-partial', [...new Set(errors.map(({ code }) => code))].join(', '));
    return reply.send({ data: answer });
  });
}

/** GraphQL says what is wrong with arguments; this is what it would not see. */
function bodyProblem({ field, prompt }: RestPrompt, body: unknown): string | null {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return 'The body must be a JSON object with the arguments.';
  }
  const { of: entity } = body as { of?: unknown };
  const known = new Set(field.args.map(({ name }) => name));
  if (prompt.isEntityField) {
    known.add('of');
    if (typeof entity !== 'object' || entity === null || Array.isArray(entity)) {
      return `\`of\` must be an object with the fields of the ${prompt.typeName}.`;
    }
  }
  const stray = Object.keys(body).find((name) => !known.has(name));
  return stray === undefined ? null : `There is no argument \`${stray.slice(0, 100)}\`.`;
}

function readError(error: GraphQLError, { onUnexpected }: RestParts): RestError & Record<string, unknown> {
  const { originalError, extensions, message } = error;
  if (originalError && !(originalError instanceof GraphQLError)) {
    onUnexpected(originalError);
    return { code: 'INTERNAL_SERVER_ERROR', message: 'Internal server error' };
  }
  return { ...extensions, code: String(extensions.code ?? 'BAD_USER_INPUT'), message };
}

function statusOf(code: string): number {
  return aiErrors[code as AiErrorCode]?.httpStatus ?? statuses[code] ?? 500;
}

function errorBody(error: RestError): { readonly error: RestError } {
  return { error };
}
