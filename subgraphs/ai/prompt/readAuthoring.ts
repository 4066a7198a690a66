import type { JSONSchema7 } from '@ai-sdk/provider';
import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type GraphQLError,
  getArgumentValues,
  Kind,
  parse,
  visit,
} from 'graphql';
import { authoringDirective, authoringNames } from './authoringDirectives.ts';
import type { CallValue, LocalTask, OutputFacts } from './outputFacts.ts';
import type { PromptProblem } from './promptProblem.ts';

/** A file of SDL; messages name it. */
export interface SdlFile {
  readonly name: string;
  readonly text: string;
}

/** A field with `@prompt`, its arguments read. */
export interface AuthoredPrompt {
  readonly typeName: string;
  readonly field: FieldDefinitionNode;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface Authoring {
  /** Without the authoring directives. */
  readonly served: DocumentNode;
  readonly prompts: readonly AuthoredPrompt[];
  readonly facts: OutputFacts;
  readonly problems: readonly PromptProblem[];
}

/** Parses SDL files, reads the authoring directives of all of them, and takes them out. */
export function readAuthoring(files: readonly SdlFile[]): Authoring {
  const problems: PromptProblem[] = [];
  const definitions: DefinitionNode[] = [];
  for (const { name, text } of files) {
    try {
      definitions.push(...parse(text).definitions);
    } catch (error) {
      const { message, locations } = error as GraphQLError;
      const place = locations?.[0] ? `:${locations[0].line}:${locations[0].column}` : '';
      problems.push({ code: 'PROMPT_SDL_INVALID', coordinate: null, message: `${name}${place}: ${message}` });
    }
  }
  const fromCall = new Map<string, CallValue>();
  const localTasks = new Map<string, LocalTask>();
  const scalars = new Map<string, JSONSchema7>();
  const notAsked = new Set<string>();
  const prompts: AuthoredPrompt[] = [];

  const optionsOf = (directive: ConstDirectiveNode, coordinate: string): Record<string, unknown> | null => {
    const definition = authoringDirective(directive.name.value);
    const known = new Set(definition.args.map(({ name }) => name));
    const stray = directive.arguments?.find(({ name }) => !known.has(name.value));
    try {
      if (stray) throw new Error(`Unknown argument "${stray.name.value}".`);
      return getArgumentValues(definition, directive);
    } catch (error) {
      const message = `@${directive.name.value}: ${(error as Error).message}`;
      problems.push({ code: 'PROMPT_OPTION_INVALID', coordinate, message });
      return null;
    }
  };

  for (const definition of definitions) {
    if (definition.kind === Kind.SCALAR_TYPE_DEFINITION) {
      for (const directive of definition.directives ?? []) {
        if (directive.name.value !== 'jsonSchema') continue;
        const name = definition.name.value;
        const options = optionsOf(directive, name);
        const schema = options && readSchemaText(String(options.schema));
        if (schema) scalars.set(name, schema);
        else if (options) {
          problems.push({
            code: 'PROMPT_OPTION_INVALID',
            coordinate: name,
            message: '@jsonSchema: `schema` is not the text of a JSON object',
          });
        }
      }
    }
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.OBJECT_TYPE_EXTENSION) {
      continue;
    }
    const typeName = definition.name.value;
    for (const field of definition.fields ?? []) {
      const coordinate = `${typeName}.${field.name.value}`;
      for (const directive of field.directives ?? []) {
        const name = directive.name.value;
        if (name === 'external') notAsked.add(coordinate);
        if (!authoringNames.has(name) || name === 'jsonSchema') continue;
        const options = optionsOf(directive, coordinate);
        if (name === 'prompt') notAsked.add(coordinate);
        if (options === null) continue;
        if (name === 'prompt') prompts.push({ typeName, field, options });
        else if (name === 'local') localTasks.set(coordinate, options.task as LocalTask);
        else fromCall.set(coordinate, options.value as CallValue);
      }
    }
  }
  return {
    served: withoutAuthoring({ kind: Kind.DOCUMENT, definitions }),
    prompts,
    facts: { fromCall, localTasks, scalars, notAsked },
    problems,
  };
}

function readSchemaText(text: string): JSONSchema7 | null {
  try {
    const schema: unknown = JSON.parse(text);
    return typeof schema === 'object' && schema !== null && !Array.isArray(schema) ? schema : null;
  } catch {
    return null;
  }
}

/** Left in, the directives would compose, and `_service` would show every prompt to whoever asks. */
function withoutAuthoring(document: DocumentNode): DocumentNode {
  return visit(document, {
    Directive: (node) => (authoringNames.has(node.name.value) ? null : undefined),
  });
}
