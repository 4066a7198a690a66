import path from 'node:path';
import {
  type DocumentNode,
  type GraphQLSchema,
  isNonNullType,
  isObjectType,
  Kind,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
  parse,
  type SelectionSetNode,
} from 'graphql';
import { guardrailNames } from '../guardrails.ts';
import { type BoundNode, bindTemplate, type TemplateScope } from './bindTemplate.ts';
import type { LocalTask } from './outputFacts.ts';
import type { Prompt } from './prompt.ts';
import { PromptError, type PromptProblem } from './promptProblem.ts';
import { type AuthoredPrompt, type Authoring, readAuthoring, type SdlFile } from './readAuthoring.ts';
import { fenceNotice } from './renderTemplate.ts';
import { parseTemplate, TemplateSyntaxError } from './template.ts';
import { typeProblems } from './typeProblems.ts';

export interface CompileOptions {
  /** The typed queries and the prompt files. */
  readonly files: readonly SdlFile[];
  /** Builds the executable schema of the SDL that is served. */
  buildSchema(served: DocumentNode): GraphQLSchema;
  /** Reads what `@prompt(file:)` names; null when there is none. */
  readTemplate(name: string): string | null;
  readonly aliases: ReadonlySet<string>;
}

export interface CompiledPrompts {
  readonly schema: GraphQLSchema;
  readonly prompts: readonly Prompt[];
  readonly warnings: readonly PromptProblem[];
}

/**
 * Compiles everything that prompt files say, so that nothing of them can fail a request.
 *
 * @throws PromptError with all problems
 */
export function compilePrompts(options: CompileOptions): CompiledPrompts {
  const authoring = readAuthoring(options.files);
  if (authoring.problems.length > 0) throw new PromptError(authoring.problems);
  const prompts: Prompt[] = [];
  let schema: GraphQLSchema;
  try {
    schema = options.buildSchema(authoring.served);
  } catch (error) {
    throw new PromptError(sdlProblems((error as Error).message));
  }
  const problems: PromptProblem[] = [];
  const warnings: PromptProblem[] = [];
  for (const authored of authoring.prompts) {
    const compiled = compilePrompt(authored, { authoring, schema, options });
    problems.push(...compiled.problems);
    warnings.push(...compiled.warnings);
    if (compiled.prompt) prompts.push(compiled.prompt);
  }
  if (problems.length > 0) throw new PromptError(problems);
  return { schema, prompts, warnings };
}

/** Federation gives all errors of a subgraph in one message, each with a drawing of its place. */
function sdlProblems(message: string): PromptProblem[] {
  const mark = '[<unnamed>] ';
  const lines = message.split('\n').filter((line) => line.startsWith(mark));
  const messages = lines.length > 0 ? lines.map((line) => line.slice(mark.length)) : [message];
  return messages.map((text) => ({ code: 'PROMPT_SDL_INVALID', coordinate: null, message: text }));
}

interface Compilation {
  readonly authoring: Authoring;
  readonly schema: GraphQLSchema;
  readonly options: CompileOptions;
}

function compilePrompt(
  authored: AuthoredPrompt,
  { authoring, schema, options }: Compilation,
): { prompt: Prompt | null; problems: PromptProblem[]; warnings: PromptProblem[] } {
  const { typeName, field, options: given } = authored;
  const fieldName = field.name.value;
  const coordinate = `${typeName}.${fieldName}`;
  const problems: PromptProblem[] = [];
  const refuse = (code: PromptProblem['code'], message: string): void =>
    void problems.push({ code, coordinate, message });

  const parent = schema.getType(typeName);
  const definition = isObjectType(parent) ? parent.getFields()[fieldName] : undefined;
  if (!isObjectType(parent) || definition === undefined) {
    refuse('PROMPT_SDL_INVALID', 'is not a field of the schema');
    return { prompt: null, problems, warnings: [] };
  }
  const isEntityField = parent !== schema.getQueryType();
  if (parent === schema.getSubscriptionType() || parent === schema.getMutationType()) {
    refuse('PROMPT_OPTION_INVALID', '`@prompt` stands on fields of Query and of entities only');
  }
  problems.push(
    ...typeProblems(definition.type, authoring.facts).map((problem) => ({ ...problem, coordinate })),
  );
  checkOptions(given, { options, refuse });

  const source = sourceOf(given, { options, refuse });
  const scope: TemplateScope = {
    args: definition.args,
    parent: isEntityField ? parent : null,
    available: isEntityField ? availableFields(authoring.served, authored) : null,
  };
  const bind = (text: string): readonly BoundNode[] => {
    try {
      const bound = bindTemplate(parseTemplate(text), scope);
      problems.push(...bound.problems.map((problem) => ({ ...problem, coordinate })));
      return bound.nodes;
    } catch (error) {
      if (!(error instanceof TemplateSyntaxError)) throw error;
      refuse('PROMPT_TEMPLATE_SYNTAX', error.message);
      return [];
    }
  };
  const template = source === null ? [] : bind(source);
  const localTemplate =
    typeof given.localTemplate === 'string' ? bind(given.localTemplate) : valuesOf(template);
  const prompt: Prompt = {
    coordinate,
    typeName,
    fieldName,
    isEntityField,
    type: definition.type,
    template,
    localTemplate,
    system: [given.system, fenceNotice].filter((text) => typeof text === 'string').join('\n\n'),
    model: String(given.model),
    temperature: numberOf(given.temperature),
    maxOutputTokens: numberOf(given.maxOutputTokens),
    timeoutMs: numberOf(given.timeoutMs),
    cacheTtlSeconds: numberOf(given.cacheTtl) ?? 0,
    output: given.output === 'FULL' ? 'FULL' : 'SELECTION',
    local: (given.local as LocalTask | undefined) ?? null,
    guardrails: given.guardrails as readonly string[],
    facts: authoring.facts,
  };
  const warnings: PromptProblem[] = isNonNullType(definition.type)
    ? [{ code: 'PROMPT_NON_NULL', coordinate, message: 'a model that fails takes the whole parent with it' }]
    : [];
  return { prompt, problems, warnings };
}

interface OptionChecks {
  readonly options: CompileOptions;
  refuse(code: PromptProblem['code'], message: string): void;
}

function checkOptions(given: Readonly<Record<string, unknown>>, { options, refuse }: OptionChecks): void {
  if (!options.aliases.has(String(given.model))) {
    refuse('PROMPT_MODEL_UNKNOWN', `the model "${given.model}" is no text alias of models.yaml`);
  }
  for (const name of given.guardrails as readonly string[]) {
    if (!guardrailNames.has(name)) {
      refuse(
        'PROMPT_GUARDRAIL_UNKNOWN',
        `there is no guardrail "${name}"; there is ${[...guardrailNames].join(', ')}`,
      );
    }
  }
  const within = (name: string, from: number, to: number): void => {
    const value = numberOf(given[name]);
    if (value !== undefined && (value < from || value > to)) {
      refuse('PROMPT_OPTION_INVALID', `\`${name}\` must be from ${from} to ${to}, not ${value}`);
    }
  };
  within('temperature', 0, 2);
  within('maxOutputTokens', 1, 1_000_000);
  within('timeoutMs', 1, 3_600_000);
  within('cacheTtl', 0, 31_536_000);
}

function sourceOf(
  given: Readonly<Record<string, unknown>>,
  { options, refuse }: OptionChecks,
): string | null {
  const { template, file } = given;
  if ((typeof template === 'string') === (typeof file === 'string')) {
    refuse('PROMPT_OPTION_INVALID', 'needs either `template` or `file`');
    return null;
  }
  if (typeof template === 'string') return template;
  const name = String(file);
  // the folder of the prompts is the operator's; nothing outside it is ever read into a prompt
  const isInside = !path.isAbsolute(name) && !path.normalize(name).startsWith('..');
  const text = isInside ? options.readTemplate(name) : null;
  if (text === null)
    refuse('PROMPT_OPTION_INVALID', `there is no file "${name}" in the folder of the prompts`);
  return text;
}

/** The fields that a representation brings: all keys of the type, and what this field requires. */
function availableFields(served: DocumentNode, { typeName, field }: AuthoredPrompt): SelectionSetNode {
  const types = served.definitions.filter(
    (definition): definition is ObjectTypeDefinitionNode | ObjectTypeExtensionNode =>
      (definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.OBJECT_TYPE_EXTENSION) &&
      definition.name.value === typeName,
  );
  const directives = [
    ...types.flatMap((type) => type.directives ?? []).filter(({ name }) => name.value === 'key'),
    ...(field.directives ?? []).filter(({ name }) => name.value === 'requires'),
  ];
  const selections = directives.flatMap((directive) => {
    const value = directive.arguments?.find(({ name }) => name.value === 'fields')?.value;
    if (value?.kind !== Kind.STRING) return [];
    const [definition] = parse(`{ ${value.value} }`, { noLocation: true }).definitions;
    return definition?.kind === Kind.OPERATION_DEFINITION ? definition.selectionSet.selections : [];
  });
  return { kind: Kind.SELECTION_SET, selections };
}

/** The values of a template alone, a line each. */
function valuesOf(nodes: readonly BoundNode[]): readonly BoundNode[] {
  return nodes.flatMap((node): BoundNode[] => {
    if (node.kind === 'text') return [];
    if (node.kind === 'section') return [{ ...node, children: valuesOf(node.children) }];
    return node.isFenced ? [node, { kind: 'text', text: '\n' }] : [];
  });
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
