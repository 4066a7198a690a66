import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';

/*
 * The rules of who may import whom, held over the import graph of `gateway/` and `subgraphs/`. A rule that has to give way
 * is changed here, with its reason; an exception that nothing uses any more fails.
 */

const root = path.resolve(import.meta.dirname, '..');

interface Import {
  /** `gateway/http/server.ts` */
  readonly from: string;
  /** A file of the tree, or the name of a package. */
  readonly to: string;
  readonly isType: boolean;
  readonly written: string;
}

const files = ['gateway', 'subgraphs']
  .flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map(
      (file) => `${folder}/${file.replaceAll('\\', '/')}`,
    ),
  )
  // the explorer's client runs in the browser and has a build of its own
  .filter((file) => /\.(ts|cjs)$/.test(file) && !file.startsWith('gateway/http/explorer/client/'));

const textOf = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const imports = files.flatMap(importsOf);
const between = imports.filter(({ to }) => files.includes(to));

/** `import … from`, `export … from`, `import('…')`, `new URL('./worker.js', import.meta.url)`. */
function importsOf(from: string): Import[] {
  const text = textOf(from).replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const found: { written: string; isType: boolean }[] = [];
  for (const [, clause = '', written = ''] of text.matchAll(
    /^(?:import|export)\s((?:[^'";]|\n)*?)\sfrom\s+'([^']+)'/gm,
  )) {
    found.push({ written, isType: isTypeClause(clause) });
  }
  for (const [, written = ''] of text.matchAll(/^import\s+'([^']+)'/gm))
    found.push({ written, isType: false });
  for (const [, written = ''] of text.matchAll(/\bimport\(\s*'([^']+)'/g))
    found.push({ written, isType: false });
  for (const [, written = ''] of text.matchAll(/\brequire\('([^']+)'\)/g))
    found.push({ written, isType: false });
  for (const [, written = ''] of text.matchAll(/new URL\('(\.[^']+)\.js', import\.meta\.url\)/g)) {
    found.push({ written: `${written}.ts`, isType: false });
  }
  return found.map(({ written, isType }) => ({ from, written, isType, to: resolveImport(from, written) }));
}

function isTypeClause(clause: string): boolean {
  if (/^type\s/.test(clause)) return true;
  const named = /^\{([\s\S]*)\}$/.exec(clause.trim())?.[1];
  const names = named?.split(',').map((name) => name.trim()) ?? [''];
  return names.filter((name) => name !== '').every((name) => name.startsWith('type ')) && named !== undefined;
}

function resolveImport(from: string, written: string): string {
  if (written.startsWith('.'))
    return path.posix.normalize(path.posix.join(path.posix.dirname(from), written));
  return written.startsWith('@') ? written.split('/').slice(0, 2).join('/') : (written.split('/')[0] ?? '');
}

const show = ({ from, to, isType }: Import): string => `${from} → ${to}${isType ? ' (type)' : ''}`;

/** `http` of `gateway/http/explorer/x.ts`; empty for a root file. */
const folderOf = (file: string): string => (file.split('/').length > 2 ? (file.split('/')[1] ?? '') : '');
const inGateway = (file: string): boolean => file.startsWith('gateway/');

/** The request order. */
const phases = ['http', 'operation', 'authorize', 'limit', 'plan', 'execute', 'respond'];
/** They wire phases together, as root files do: commands to a process, engines behind their contract. */
const wiring = new Set(['', 'commands', 'engines']);
/** Any folder may import it; it imports none. */
const leaves = new Set(['runtime']);

const rootErrors = 'gateway/errors.ts';

describe('layout: the import graph', () => {
  // were imports not found, every rule below would hold
  test.each([
    'gateway/main.ts → gateway/settings.ts',
    'gateway/main.ts → gateway/commands/serve.ts',
    'gateway/pipeline.ts → gateway/engine.ts (type)',
    'gateway/supergraph/compose.ts → gateway/supergraph/composeWorker.ts',
    'gateway/execute/subgraph/connections.ts → undici',
    'gateway/engines/apolloEngine.ts → @apollo/federation-internals',
    'subgraphs/accounts/subgraph.ts → subgraphs/accounts/resolvers.ts',
  ])('has %s', (edge) => {
    expect(imports.map(show)).toContain(edge);
  });
});

describe('layout: root files', () => {
  test('folders import none of them but errors.ts', () => {
    // the contract is a type, and an engine cannot fulfil it without naming it
    const isContract = ({ from, to, isType }: Import): boolean =>
      isType && to === 'gateway/engine.ts' && folderOf(from) === 'engines';
    const wrong = between.filter(
      (edge) =>
        inGateway(edge.to) &&
        folderOf(edge.to) === '' &&
        edge.to !== rootErrors &&
        folderOf(edge.from) !== '' &&
        folderOf(edge.from) !== 'commands' &&
        !isContract(edge),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test('errors.ts imports nothing of the tree', () => {
    expect(between.filter(({ from }) => from === rootErrors).map(show)).toEqual([]);
  });
});

describe('layout: folders of the gateway', () => {
  /** Values that cross from one folder to another, each with its reason. */
  const exceptions: Readonly<Record<string, string>> = {
    'gateway/authorize/deniedPlaces.ts → gateway/operation/literalConditions.ts':
      'what `@skip` and `@include` leave out is told of no more than it is planned and written',
    'gateway/authorize/parentWalk.ts → gateway/operation/collectFields.ts':
      'the fields of an object are collected in one way, as the specification says',
    'gateway/limit/cost/actualCost.ts → gateway/operation/collectFields.ts':
      'the fields of an object are collected in one way, as the specification says',
    'gateway/respond/projection.ts → gateway/operation/collectFields.ts':
      'the fields of an object are collected in one way, as the specification says',
    'gateway/respond/projection.ts → gateway/execute/data.ts':
      'the projection reads merged data in the shape that execution gives it',
    'gateway/respond/projection.ts → gateway/operation/literalConditions.ts':
      'what `@skip` and `@include` leave out of the response is read once, for planning and for projection',
    'gateway/respond/projection.ts → gateway/operation/concreteType.ts':
      'the type of an interface object is asked for and read on one condition',
    'gateway/execute/subgraph/headerRules.ts → gateway/http/authenticate/claimsOf.ts':
      'a claim is named by the same kind of path in the settings of both',
    'gateway/execute/subgraph/principalHeader.ts → gateway/http/authenticate/claimsOf.ts':
      'a claim is named by the same kind of path in the settings of both',
    'gateway/respond/leafWriters.ts → gateway/execute/data.ts':
      'what is too deep for a subgraph is too deep for a client',
    'gateway/execute/data.ts → gateway/limit/nesting.ts':
      'how deep a JSON value nests is measured in one way, wherever it comes from',
    'gateway/execute/compilePlan.ts → gateway/plan/fetchesOf.ts':
      'the walk over the nodes of a plan stands beside their types',
    'gateway/execute/rootKeys.ts → gateway/operation/literalConditions.ts':
      'which root fields are there is decided as it was planned',
  };

  const crossing = between.filter(
    ({ from, to }) =>
      inGateway(from) &&
      inGateway(to) &&
      folderOf(from) !== folderOf(to) &&
      !wiring.has(folderOf(from)) &&
      folderOf(to) !== '' &&
      !leaves.has(folderOf(to)),
  );

  test('only types travel between them, and only forward along the request', () => {
    const isForward = ({ from, to }: Import): boolean => {
      const [source, target] = [phases.indexOf(folderOf(to)), phases.indexOf(folderOf(from))];
      const fromSide = ['supergraph', 'telemetry'].includes(folderOf(to)) && target !== -1;
      // the supervisor of development reads the same list of subgraphs as the gateway that it starts
      const isDev = folderOf(from) === 'dev' && folderOf(to) === 'supergraph';
      return fromSide || isDev || (source !== -1 && source < target);
    };
    const wrong = crossing.filter(
      (edge) => !(edge.isType && isForward(edge)) && !Object.hasOwn(exceptions, `${edge.from} → ${edge.to}`),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test('every exception is in use', () => {
    const used = new Set(crossing.map(({ from, to }) => `${from} → ${to}`));
    expect(Object.keys(exceptions).filter((edge) => !used.has(edge))).toEqual([]);
  });

  test.each(['supergraph', 'telemetry', 'runtime'])('%s imports no phase', (folder) => {
    const wrong = between.filter(
      ({ from, to }) => inGateway(from) && folderOf(from) === folder && phases.includes(folderOf(to)),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test('runtime imports no other folder', () => {
    expect(
      between.filter(({ from, to }) => folderOf(from) === 'runtime' && folderOf(to) !== 'runtime').map(show),
    ).toEqual([]);
  });

  test('nothing imports a command but the command', () => {
    const wrong = between.filter(
      ({ from, to }) =>
        folderOf(to) === 'commands' && folderOf(from) !== 'commands' && from !== 'gateway/main.ts',
    );
    expect(wrong.map(show)).toEqual([]);
  });
});

describe('layout: subgraphs', () => {
  test('the gateway and the subgraphs never import each other', () => {
    expect(between.filter(({ from, to }) => inGateway(from) !== inGateway(to)).map(show)).toEqual([]);
  });

  test('no subgraph imports another; what they share is in host', () => {
    const wrong = between.filter(
      ({ from, to }) =>
        !inGateway(from) && !inGateway(to) && folderOf(from) !== folderOf(to) && folderOf(to) !== 'host',
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test('host imports no subgraph', () => {
    const wrong = between.filter(
      ({ from, to }) => !inGateway(from) && folderOf(from) === 'host' && folderOf(to) !== 'host',
    );
    expect(wrong.map(show)).toEqual([]);
  });
});

describe('layout: one package, one door', () => {
  const doors: Readonly<Record<string, RegExp>> = {
    '@redis/client': /^(gateway\/runtime\/redisLink|subgraphs\/ai\/cache\/redisCache)\.ts$/,
    '@opentelemetry/*': /^(gateway\/telemetry\/|subgraphs\/ai\/telemetry\/openTelemetry\.ts$)/,
    ajv: /^subgraphs\/ai\/prompt\/outputType\.ts$/,
    undici: /^gateway\/(execute\/subgraph\/|runtime\/boundedRequest\.ts$)/,
    '@apollo/gateway': /^gateway\/engines\/apolloEngine\.ts$/,
    '@apollo/query-planner': /^gateway\/(engines\/apolloEngine|plan\/planProcess)\.ts$/,
    '@apollo/federation-internals': /^gateway\/(engines\/apolloEngine|plan\/planProcess)\.ts$/,
    '@apollo/composition': /^gateway\/supergraph\/compose/,
    // its ES module cannot be loaded by newer versions of Node.js: `shield.ts` and `loadSource.ts` say how it is
    'graphql-shield': /^(gateway\/permissions\.ts$|gateway\/authorize\/|subgraphs\/host\/shield\.ts$)/,
    '@graphql-hive/*': /^gateway\/plan\//,
    ai: /^subgraphs\/ai\//,
    '@ai-sdk/*': /^subgraphs\/ai\//,
    '@energetic-ai/*': /^subgraphs\/ai\/local\//,
    eld: /^subgraphs\/ai\/local\//,
    'vader-sentiment': /^subgraphs\/ai\/local\//,
    'wink-nlp': /^subgraphs\/ai\/local\//,
    'wink-eng-lite-web-model': /^subgraphs\/ai\/local\//,
    '@pydantic/genai-prices': /^subgraphs\/ai\/money\//,
    esbuild: /^gateway\/runtime\/loadSource\.ts$/,
    libsql: /^(gateway\/http\/authenticate\/apiKeys|subgraphs)\//,
    kysely: /^(gateway\/http\/authenticate\/apiKeys|subgraphs)\//,
    jose: /^(gateway\/http\/authenticate|subgraphs)\//,
    pg: /^(gateway\/http\/authenticate\/apiKeys|subgraphs)\//,
  };

  test.each(Object.entries(doors))('%s enters at %s', (name, door) => {
    const isPackage = (to: string): boolean =>
      name.endsWith('/*') ? to.startsWith(name.slice(0, -1)) : to === name;
    expect(imports.filter(({ from, to }) => isPackage(to) && !door.test(from)).map(show)).toEqual([]);
  });
});

describe('layout: files', () => {
  test('none is a barrel or a drawer of utilities', () => {
    expect(files.filter((file) => /(^|\/)(index|utils?|helpers?|common|misc)(\.|\/)/i.test(file))).toEqual(
      [],
    );
  });

  test('none has a default export', () => {
    expect(files.filter((file) => /^export default\b/m.test(textOf(file)))).toEqual([]);
  });

  test('every import of the tree names a file that is there, with its extension', () => {
    const wrong = imports.filter(({ written, to }) => written.startsWith('.') && !files.includes(to));
    // JSON that is read through `require`
    expect(wrong.filter(({ to }) => to !== 'package.json').map(show)).toEqual([]);
  });

  test.each([
    ['values', (edge: Import): boolean => !edge.isType],
    ['types', (edge: Import): boolean => edge.isType],
  ])('%s travel in no cycle', (_what, isKind) => {
    expect(cyclesOf(between.filter(isKind))).toEqual([]);
  });
});

/** Every import that leads back to its own file, as the path that it takes. */
function cyclesOf(edges: readonly Import[]): string[] {
  const next = new Map<string, Import[]>();
  for (const edge of edges) next.set(edge.from, [...(next.get(edge.from) ?? []), edge]);
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file);
    if (at !== -1) cycles.push([...trail.slice(at), file].join(' → '));
    if (at !== -1 || done.has(file)) return;
    for (const { to } of next.get(file) ?? []) visit(to, [...trail, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  return cycles;
}

interface LockedPackage {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

describe('layout: packages', () => {
  const manifest = JSON.parse(textOf('package.json')) as Readonly<
    Record<'dependencies' | 'devDependencies', Record<string, string>>
  >;
  const lock = JSON.parse(textOf('package-lock.json')) as { packages: Record<string, LockedPackage> };
  const packages = imports.filter(
    ({ to, written }) => !written.startsWith('.') && !written.startsWith('node:') && to !== '',
  );

  test('built-in modules are imported as `node:`', () => {
    expect(packages.filter(({ written }) => builtinModules.includes(written)).map(show)).toEqual([]);
  });

  test('every package that is imported is a dependency', () => {
    // `tributary/permissions` is provided to the module of permissions by the gateway that loads it
    const wrong = packages.filter(
      ({ to }) => to !== 'tributary' && !Object.hasOwn(manifest.dependencies, to),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test('every dependency is imported', () => {
    const imported = new Set(packages.map(({ to }) => to));
    expect(Object.keys(manifest.dependencies).filter((name) => !imported.has(name))).toEqual([]);
  });

  test('every dependency has one exact version', () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  test('the lock file names no registry', () => {
    expect(Object.keys(lock.packages).filter((name) => lock.packages[name]?.resolved !== undefined)).toEqual(
      [],
    );
  });

  test('the lock file holds the packages of every platform', () => {
    const locked = new Set(Object.keys(lock.packages).map((name) => name.split('node_modules/').at(-1)));
    const wanted = Object.values(lock.packages).flatMap(({ optionalDependencies = {} }) =>
      Object.keys(optionalDependencies),
    );
    expect(wanted.filter((name) => !locked.has(name))).toEqual([]);
  });
});
