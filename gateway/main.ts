#!/usr/bin/env node
import { createRequire } from 'node:module';
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { exitCodeOf, exitCodes, exitCodesHelp } from './commands/exitCodes.ts';
import { restartedWithCollectorFlags } from './runtime/collectorFlags.ts';
import { readSettings } from './settings.ts';
import type { Settings } from './settingsSchema.ts';

/** Flags that several commands share, as commander hands them over. */
interface Flags {
  readonly settings?: string;
  readonly config?: string;
  readonly supergraph?: string;
  readonly host?: string;
  readonly port?: number;
  readonly workers?: number | 'auto';
}

const { version } = createRequire(import.meta.url)(
  import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json',
) as { version: string };
const cwd = process.cwd();
const { env } = process;

function settingsOf(flags: Flags): Settings {
  return readSettings({
    // `--config` asks for its file, whatever composed supergraph the environment names
    env: flags.config === undefined ? env : { ...env, SUPERGRAPH: undefined },
    cwd,
    ...(flags.settings === undefined ? {} : { file: flags.settings }),
    flags: {
      'listen.host': flags.host,
      'listen.port': flags.port,
      workers: flags.workers,
      'supergraph.config': flags.config,
      'supergraph.file': flags.supergraph,
    },
  });
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535)
    throw new InvalidArgumentError('expected a number from 0 to 65535.');
  return port;
}

function workersOf(text: string): number | 'auto' {
  if (text === 'auto') return text;
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('expected a number from 1, or auto.');
  return Number(text);
}

const settingsFlag = [
  '--settings <file>',
  'settings of the gateway (default: gateway.yaml where it exists)',
] as const;
const configFlag = [
  '--config <file>',
  'list of subgraphs, in Rover’s format (default: supergraph.yaml)',
] as const;
const supergraphFlag = [
  '--supergraph <file>',
  'an already composed supergraph, instead of --config',
] as const;

/** `error: unknown option '--x'` of commander as the sentence that all other errors are. */
function asSentence(text: string): string {
  const [first = '', ...others] = text.replace(/^error: /, '').split('\n');
  const sentence = first.charAt(0).toUpperCase() + first.slice(1);
  return [/[.?)]$/.test(sentence) ? sentence : `${sentence}.`, ...others].join('\n');
}

/** `tributary compose | head`: a reader that has enough ends a command that prints, and is no fault. */
function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(exitCodes.done);
  });
}

/** A fault of ours is shown whole; what the user can mend, a file that cannot be written too, as its sentence. */
function explain(error: unknown, code: number): string {
  if (!(error instanceof Error)) return String(error);
  const isOfFile = 'syscall' in error && 'path' in error;
  return code === exitCodes.failed && !isOfFile ? (error.stack ?? error.message) : error.message;
}

const program = new Command('tributary')
  .description('A GraphQL federation gateway: many subgraphs, one endpoint.')
  .version(version)
  .showHelpAfterError('(--help tells what there is)')
  .configureOutput({ outputError: (text, write) => write(asSentence(text)) })
  .addHelpText('after', exitCodesHelp)
  .exitOverride((error) => {
    process.exit(error.exitCode === 0 ? exitCodes.done : exitCodes.usage);
  });

program
  .command('serve')
  .description('serve the graph, and follow changes of its subgraphs')
  .option(...configFlag)
  .option(...supergraphFlag)
  .option(...settingsFlag)
  .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
  .option('--port <number>', 'port to listen on (default: 4000)', portOf)
  .option('--workers <number>', 'processes that share the requests, or auto: one for each core', workersOf)
  .addHelpText(
    'after',
    '\nEnvironment: SUPERGRAPH_CONFIG, SUPERGRAPH, HOST, PORT, LOG_LEVEL and others override the settings file; flags override both.',
  )
  .action(async (flags: Flags) => {
    const settings = settingsOf(flags);
    if (settings.workers === 1 && restartedWithCollectorFlags()) return;
    // the process that keeps workers answers no requests, and loads nothing of that
    const { serve } = await (settings.workers === 1
      ? import('./commands/serve.ts')
      : import('./commands/serveWithWorkers.ts'));
    const { runUntilSignal } = await import('./commands/runUntilSignal.ts');
    await runUntilSignal(() => serve({ settings, cwd, env, readSettings: () => settingsOf(flags) }));
  });

program
  .command('dev')
  .description('start the subgraphs and the gateway, restart them on change, and say when the graph answers')
  .option(...configFlag)
  .option(...settingsFlag)
  .option('--host <address>', 'address of the gateway (default: 127.0.0.1)')
  .option('--port <number>', 'port of the gateway (default: 4000)', portOf)
  .action(async (flags: Flags) => {
    const { devCommand } = await import('./commands/dev.ts');
    const main = path.resolve(import.meta.filename);
    process.exitCode = await devCommand({
      readSettings: () => settingsOf(flags),
      cwd,
      env,
      main,
      settingsFile: flags.settings,
    });
  });

program
  .command('compose')
  .description('compose the subgraphs, and print the supergraph SDL')
  .option('--config <file>', 'list of subgraphs; - reads standard input (default: supergraph.yaml)')
  .option('--output <file>', 'write to a file instead of standard output')
  .option('--hints', 'print the hints of composition to standard error', false)
  .option(...settingsFlag)
  .action(async ({ output, hints, ...flags }: Flags & { output?: string; hints: boolean }) => {
    endWithReader();
    const { composeCommand } = await import('./commands/compose.ts');
    const settings = settingsOf(flags);
    await composeCommand({ settings, cwd, env, config: settings.supergraph.config, output, hints });
  });

const config = program.command('config').description('look at configuration files');
config
  .command('expand')
  .description('print supergraph.yaml with its env and file expansions filled in')
  .option('--config <file>', 'list of subgraphs; - reads standard input (default: supergraph.yaml)')
  .option('--format <format>', 'yaml or json', 'yaml')
  .action(async ({ format, ...flags }: Flags & { format: string }) => {
    endWithReader();
    const { expandCommand } = await import('./commands/config.ts');
    await expandCommand({
      cwd,
      env,
      config: flags.config ?? env.SUPERGRAPH_CONFIG ?? 'supergraph.yaml',
      format,
    });
  });
config
  .command('schema')
  .description('print the JSON Schema of supergraph.yaml, for editors')
  .option('--settings', 'the schema of gateway.yaml instead', false)
  .action(async ({ settings }: { settings: boolean }) => {
    endWithReader();
    const { schemaCommand } = await import('./commands/config.ts');
    schemaCommand(settings ? 'settings' : 'supergraph');
  });

program
  .command('plan')
  .description('print the query plan of an operation')
  .argument('<operation>', 'file that holds the operation; - reads standard input')
  .option('--operation-name <name>', 'which operation of the file')
  .option(...configFlag)
  .option(...supergraphFlag)
  .option(...settingsFlag)
  .action(async (operation: string, { operationName, ...flags }: Flags & { operationName?: string }) => {
    endWithReader();
    const { planCommand } = await import('./commands/plan.ts');
    await planCommand({ settings: settingsOf(flags), cwd, env, operation, operationName });
  });

interface KeyFlags extends Flags {
  readonly json: boolean;
}

const keys = program
  .command('keys')
  .description('issue, list, rotate and revoke API keys')
  .addHelpText(
    'after',
    '\nKeys are stored, as hashes, where authentication.api_keys.database or API_KEYS_DATABASE_URL says.',
  );
const jsonFlag = ['--json', 'print JSON', false] as const;

/** What the commands of keys share: settings, and where to write. */
function keyOptions({ json, ...flags }: KeyFlags) {
  return {
    settings: settingsOf(flags),
    cwd,
    json,
    print: (text: string): void => void process.stdout.write(text),
    say: (text: string): void => void process.stderr.write(`${text}\n`),
  };
}

const collect = (value: string, list: readonly string[]): string[] => [...list, value];

function budgetOf(text: string): number {
  const budget = Number(text);
  if (!/^\d+$/.test(text) || budget < 1 || !Number.isSafeInteger(budget))
    throw new InvalidArgumentError('expected a number from 1.');
  return budget;
}

keys
  .command('issue')
  .description('make a key, and print it: it is shown this once')
  .requiredOption('--name <name>', 'whose key it is')
  .option('--scope <scope>', 'a scope that it has; may come again', collect, [])
  .option('--role <role>', 'a role that it has; may come again', collect, [])
  .option('--budget <points>', 'points that it may spend in a minute, beside what the settings say', budgetOf)
  .option('--expires <time>', 'when it ends: 90d, 12h, 30m or 2027-01-01 (default: never)')
  .option(...jsonFlag)
  .option(...settingsFlag)
  .action(
    async (
      flags: KeyFlags & { name: string; scope: string[]; role: string[]; budget?: number; expires?: string },
    ) => {
      const { issueKey } = await import('./commands/keys.ts');
      const { name, scope: scopes, role: roles, budget, expires } = flags;
      await issueKey({ name, scopes, roles, budget, expires }, keyOptions(flags));
    },
  );
keys
  .command('list')
  .description('print what is known of all keys')
  .option(...jsonFlag)
  .option(...settingsFlag)
  .action(async (flags: KeyFlags) => {
    endWithReader();
    const { listKeys } = await import('./commands/keys.ts');
    await listKeys(keyOptions(flags));
  });
keys
  .command('rotate')
  .description('give a key a new secret, and print it; the one before is accepted for a while')
  .argument('<id>')
  .option('--grace <time>', 'for how long: 24h, 30m, 7d or a time; 0m for not at all', '24h')
  .option(...jsonFlag)
  .option(...settingsFlag)
  .action(async (id: string, { grace, ...flags }: KeyFlags & { grace: string }) => {
    const { rotateKey } = await import('./commands/keys.ts');
    await rotateKey({ id, grace }, keyOptions(flags));
  });
keys
  .command('revoke')
  .description('end a key; gateways refuse it within authentication.api_keys.cache_ms')
  .argument('<id>')
  .option(...jsonFlag)
  .option(...settingsFlag)
  .action(async (id: string, flags: KeyFlags) => {
    const { revokeKey } = await import('./commands/keys.ts');
    await revokeKey(id, keyOptions(flags));
  });

try {
  await program.parseAsync();
} catch (error) {
  const code = exitCodeOf(error);
  process.stderr.write(`${explain(error, code)}\n`);
  process.exit(code);
}
