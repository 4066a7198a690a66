import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { Models } from '../models/models.ts';
import { type CompiledPrompts, compilePrompts } from './compilePrompts.ts';
import type { Prompt } from './prompt.ts';
import { PromptError, problemLine } from './promptProblem.ts';
import { attachPrompts, buildPromptSchema } from './promptSchema.ts';

export interface LivePromptsOptions {
  /** The SDL of the typed queries. */
  readonly schemaFile: string;
  /** The folder of the prompt files. */
  readonly folder: string;
  readonly log: Logger;
}

/** The schema in force, compiled of the prompt files as they last could be. */
export class LivePrompts {
  readonly #options: LivePromptsOptions;
  readonly #listeners: ((schema: GraphQLSchema) => void)[] = [];
  #compiled: CompiledPrompts;
  #sources: string;

  /** @throws PromptError, or what reading throws: at the start there is nothing to go on with */
  constructor(options: LivePromptsOptions, models: Models) {
    this.#options = options;
    const read = readSources(options);
    this.#sources = JSON.stringify(read);
    this.#compiled = this.#compile(read, models);
  }

  current(): GraphQLSchema {
    return this.#compiled.schema;
  }

  prompts(): readonly Prompt[] {
    return this.#compiled.prompts;
  }

  onChange(listener: (schema: GraphQLSchema) => void): void {
    this.#listeners.push(listener);
  }

  /** Reads the files anew; what cannot be compiled is refused in the log, and the last good ones serve on. */
  reload(models: Models): void {
    const { log } = this.#options;
    try {
      const read = readSources(this.#options);
      const sources = JSON.stringify(read);
      if (sources === this.#sources) return;
      this.#compiled = this.#compile(read, models);
      this.#sources = sources;
    } catch (error) {
      const problems = error instanceof PromptError ? error.message : (error as Error).message;
      log.error({ problems: problems.split('\n') }, 'the prompt files are refused; the ones before serve on');
      return;
    }
    log.info({ prompts: this.#compiled.prompts.length }, 'prompt files taken up');
    for (const listener of this.#listeners) listener(this.#compiled.schema);
  }

  #compile(sources: Sources, models: Models): CompiledPrompts {
    const { folder, log } = this.#options;
    const aliases = [...models.aliases.values()].filter(({ kind }) => kind === 'text');
    const compiled = compilePrompts({
      files: sources.files,
      buildSchema: buildPromptSchema,
      readTemplate: (name) => sources.templates[path.normalize(name)] ?? null,
      aliases: new Set(aliases.map(({ name }) => name)),
    });
    for (const warning of compiled.warnings) log.warn({ folder }, problemLine(warning));
    attachPrompts(compiled.schema, compiled.prompts);
    return compiled;
  }
}

interface Sources {
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** By their path in the folder. */
  readonly templates: Readonly<Record<string, string>>;
}

function readSources({ schemaFile, folder }: LivePromptsOptions): Sources {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !path.basename(name).startsWith('.'))
    .sort();
  const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
  const sdl = names.filter((name) => name.endsWith('.graphql'));
  const templates = names.filter((name) => /\.(txt|md)$/.test(name));
  return {
    files: [
      { name: path.basename(schemaFile), text: readFileSync(schemaFile, 'utf8') },
      ...sdl.map((name) => ({ name, text: read(name) })),
    ],
    templates: Object.fromEntries(templates.map((name) => [path.normalize(name), read(name)])),
  };
}
