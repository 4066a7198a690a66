// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the syntax that the file reads
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { targetOrder } from '../../../../subgraphs/ai/call/targetOrder.ts';
import { DiscoveredModels } from '../../../../subgraphs/ai/models/availability.ts';
import { ModelsError, readModels } from '../../../../subgraphs/ai/models/readModels.ts';
import { startFakeProviders } from '../fakeProviders.ts';

const read = (yaml: string, environment: Readonly<Record<string, string>> = {}) =>
  readModels(yaml, { file: 'models.yaml', environment });

const problemsOf = (yaml: string): string[] => {
  try {
    read(yaml);
  } catch (error) {
    if (error instanceof ModelsError) return error.message.split('\n');
    throw error;
  }
  return [];
};

const openai =
  'providers: { openai: { kind: openai, base_url: "https://api.openai.com/v1", key_env: OPENAI_API_KEY } }';
const fine = `${openai}\naliases: { default: { targets: [openai/gpt-5-mini] } }`;

describe('ai models.yaml: what is refused', () => {
  test.each([
    ['no YAML', 'a: [', /^models\.yaml: Flow sequence/],
    ['nothing', '', 'models.yaml: the file: expected object'],
    ['a key that is not known', `${fine}\naliasses: {}`, 'models.yaml: aliasses: is not known'],
    [
      'a key of a provider that is not known',
      fine.replace('key_env', 'api_key'),
      'models.yaml: providers.openai.api_key: is not known',
    ],
    [
      'a kind that there is not',
      fine.replace('kind: openai', 'kind: opena'),
      'models.yaml: providers.openai.kind: expected one of openai, anthropic, mistral, google, ollama, compatible',
    ],
    [
      'a key in the place of its variable',
      fine.replace('OPENAI_API_KEY', 'sk-secret-123'),
      'models.yaml: providers.openai.key_env: expected the name of an environment variable, not a key',
    ],
    [
      'a target of an unknown provider',
      fine.replace('openai/gpt', 'opena/gpt'),
      'models.yaml: aliases.default.targets[0]: names the provider "opena", which is not under providers',
    ],
    [
      'a model of an unknown provider',
      `${fine}\nmodels: { other/x: {} }`,
      'models.yaml: models.other/x: names the provider "other", which is not under providers',
    ],
    [
      'a window that is no number',
      `${fine}\nmodels: { openai/gpt-5-mini: { context_window: many } }`,
      /^models\.yaml: models\.openai\/gpt-5-mini\.context_window: /,
    ],
    [
      'an alias without a target',
      fine.replace('[openai/gpt-5-mini]', '[]'),
      'models.yaml: aliases.default.targets: expected at least one target',
    ],
    [
      'embeddings of Anthropic',
      'providers: { a: { kind: anthropic, base_url: "http://x/v1" } }\naliases: { e: { kind: embedding, targets: [a/x] } }',
      'models.yaml: aliases.e.targets[0]: Anthropic has no embeddings',
    ],
    [
      'a local model before another',
      `${openai}\naliases: { e: { kind: embedding, targets: [local/x, openai/y] } }`,
      'models.yaml: aliases.e.targets[0]: must be the last one, it never fails',
    ],
    [
      'a pattern that is none',
      `${fine}\nguardrail_options: { deny_patterns: ["("] }`,
      'models.yaml: guardrail_options.deny_patterns[0]: is no regular expression',
    ],
    [
      'a downgrade to nothing',
      `${fine}\nbudgets: [{ window: DAY, limit_usd: 1, action: DOWNGRADE, downgrade_to: cheap }]`,
      'models.yaml: budgets[0].downgrade_to: names "cheap", which is no text alias',
    ],
  ])('%s, with the key’s path', (_what, yaml, problem) => {
    expect(problemsOf(yaml)).toEqual([
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    ]);
  });

  test('a refusal never repeats a value, which may be a key', () => {
    expect(problemsOf(fine.replace('OPENAI_API_KEY', 'sk-secret-123')).join('\n')).not.toContain('sk-secret');
  });
});

describe('ai models.yaml: what it says', () => {
  test('the shipped file is one that can be used', () => {
    const file = path.resolve(import.meta.dirname, '../../../../subgraphs/ai/models.yaml');
    const models = read(readFileSync(file, 'utf8'));
    expect([...models.aliases.keys()]).toEqual(['default', 'fast', 'embedding']);
    // without a key nothing leaves; only Ollama on the own machine is looked for
    const enabled = [...models.providers.values()].filter((provider) => provider.enabled);
    expect(enabled.map(({ name, baseUrl }) => [name, baseUrl])).toEqual([
      ['ollama', 'http://127.0.0.1:11434/v1'],
    ]);
  });

  test('a call has 25 seconds if nothing else is said: Apollo Router gives a subgraph 30, and fetch alone would wait 300', () => {
    expect(read(fine).aliases.get('default')?.timeouts).toEqual({
      totalMs: 25_000,
      attemptMs: 20_000,
      firstTokenMs: 15_000,
      idleMs: 10_000,
    });
  });

  test('a provider is enabled by its key; an empty variable is none', () => {
    const enabled = (environment: Record<string, string>) =>
      read(fine, environment).providers.get('openai')?.enabled;
    expect([enabled({}), enabled({ OPENAI_API_KEY: '' }), enabled({ OPENAI_API_KEY: 'k' })]).toEqual([
      false,
      false,
      true,
    ]);
  });

  test('values are taken from the environment, or what stands behind `:-`', () => {
    const yaml = fine.replace('https://api.openai.com/v1', '${env.BASE:-http://127.0.0.1:1/v1}');
    const base = (environment: Record<string, string>) =>
      read(yaml, environment).providers.get('openai')?.baseUrl;
    expect([base({}), base({ BASE: 'http://127.0.0.1:2/v1/' })]).toEqual([
      'http://127.0.0.1:1/v1',
      'http://127.0.0.1:2/v1',
    ]);
  });

  test('targets are tried in order; equal priorities share by weight', () => {
    const yaml = `${openai}
aliases: { default: { targets: [openai/a, { model: openai/b, priority: 9, weight: 3 }, { model: openai/c, priority: 9 }] } }`;
    const targets = read(yaml).aliases.get('default')?.targets ?? [];
    const order = (random: number) => targetOrder(targets, () => random).map(({ modelName }) => modelName);
    expect([order(0), order(0.74), order(0.76)]).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
      ['a', 'c', 'b'],
    ]);
  });
});

describe('ai models.yaml: discovery', () => {
  test('a server on the own machine is used while it answers and has the model', async () => {
    const fake = await startFakeProviders();
    const models = read(`
providers: { ollama: { kind: ollama, base_url: "${fake.origin}/v1" } }
aliases: { default: { targets: [ollama/llama3.2, ollama/other] } }`);
    const found = new DiscoveredModels();
    const available = () => models.aliases.get('default')?.targets.map((target) => found.isAvailable(target));
    fake.models = ['llama3.2:latest'];
    await found.follow(models.providers.values());
    const while_it_runs = available();
    await fake.close();
    await found.follow(models.providers.values());
    found.stop();
    expect([while_it_runs, available()]).toEqual([
      [true, false],
      [false, false],
    ]);
  });
});
