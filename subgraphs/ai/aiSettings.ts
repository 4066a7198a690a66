import path from 'node:path';
import { z } from 'zod';
import { readEnvironment } from '../host/settings.ts';

/** What the AI subgraph reads from its environment beside what all subgraphs do; keys of providers are models.yaml's. */
export interface AiSettings {
  readonly modelsFile: string;
  readonly promptsFolder: string;
  readonly schemaFile: string;
  readonly redisUrl: string | undefined;
  /** The claim of the principal that names the tenant; without it the principal's id is the tenant. */
  readonly tenantClaim: string;
  readonly recordContent: boolean;
  readonly watch: boolean;
}

const flag = z.enum(['true', 'false'], { error: '"true" or "false"' }).transform((text) => text === 'true');

const shape = {
  AI_MODELS_FILE: z.string().optional(),
  AI_PROMPTS_DIR: z.string().optional(),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\/.+/, 'a redis:// or rediss:// URL')
    .optional(),
  AI_TENANT_CLAIM: z.string().default('tenant'),
  AI_RECORD_CONTENT: flag.prefault('false'),
  AI_WATCH: flag.prefault('true'),
};

/**
 * @param folder of the subgraph, where its files are if nothing else is said
 * @throws SettingsError for a variable that cannot be used
 */
export function readAiSettings(folder: string, environment: NodeJS.ProcessEnv): AiSettings {
  const read = readEnvironment(shape, environment);
  return {
    modelsFile: path.resolve(read.AI_MODELS_FILE ?? path.join(folder, 'models.yaml')),
    promptsFolder: path.resolve(read.AI_PROMPTS_DIR ?? path.join(folder, 'prompts')),
    schemaFile: path.join(folder, 'schema.graphql'),
    redisUrl: read.REDIS_URL,
    tenantClaim: read.AI_TENANT_CLAIM,
    recordContent: read.AI_RECORD_CONTENT,
    watch: read.AI_WATCH,
  };
}
