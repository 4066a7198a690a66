import { GraphQLError, parse } from 'graphql';
import { pino } from 'pino';
import { GatewayError } from '../errors.ts';
import type { Settings } from '../settingsSchema.ts';
import { supergraphFromSdl } from '../supergraph/supergraph.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { composeOnce } from './compose.ts';
import { authorizedEnginesBy, engineBy } from './engineBy.ts';
import { readTextArgument } from './readTextArgument.ts';

export interface PlanCommandOptions {
  readonly settings: Settings;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** File of the operation; `-` reads standard input. */
  readonly operation: string;
  readonly operationName: string | undefined;
}

/**
 * `tributary plan`: prints the query plan of an operation.
 * @throws GatewayError OPERATION_INVALID, and what composing or loading the supergraph throws
 */
export async function planCommand(options: PlanCommandOptions): Promise<void> {
  const { settings, cwd, env, operation, operationName } = options;
  const source = await readTextArgument(operation, { cwd, code: 'OPERATION_INVALID' });
  const { file, config } = settings.supergraph;
  const sdl =
    file === undefined
      ? await composeOnce({ settings, cwd, env, config, hints: false })
      : await readTextArgument(file, { cwd, code: 'SUPERGRAPH_INVALID' });
  const log = pino({ level: 'silent' });
  // the plan of whoever may ask everything: only the directives are taken out, which no planner knows
  const build = authorizedEnginesBy(settings, { log, permissions: {} }).building(
    engineBy(settings, { log, telemetry: new Telemetry() }),
  );
  const engine = await build(supergraphFromSdl(sdl));
  try {
    process.stdout.write(
      `${await engine.plan(parse(source, { maxTokens: settings.limits.max_tokens }), operationName)}\n`,
    );
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const [place] = error.locations ?? [];
    const where = place === undefined ? operation : `${operation}:${place.line}:${place.column}`;
    throw new GatewayError('OPERATION_INVALID', { message: `${where} ${error.message}`, cause: error });
  } finally {
    await engine.close();
  }
}
