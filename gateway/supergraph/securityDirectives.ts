import { type DocumentNode, Kind, type NameNode, visit } from 'graphql';
import { type Link, linksOf } from './links.ts';

/** Names, without `@`, under which the supergraph knows the directives that say who may see what. */
export interface SecurityDirectives {
  readonly authenticated: ReadonlySet<string>;
  readonly requiresScopes: ReadonlySet<string>;
  readonly policy: ReadonlySet<string>;
  /** `@context`, whose names the arguments of `@fromContext` refer to. */
  readonly context: ReadonlySet<string>;
}

/** Specifications that authorization enforces itself; engines get the supergraph without them. */
const ENFORCED = ['authenticated', 'requiresScopes', 'policy'] as const;

/**
 * Resolves names through `@link`: `import: [{ name: "@authenticated", as: "@auth" }]` and `as: "auth"` alike.
 * Source: link specification v1.0, "Names"; GHSA-g8jh-vg5j-4h3f, where a renamed directive went unread.
 */
export function securityDirectivesOf(supergraph: DocumentNode): SecurityDirectives {
  const links = linksOf(supergraph);
  const named = (specification: string): ReadonlySet<string> =>
    new Set(
      links
        .filter((link) => link.specification === specification)
        .flatMap((link) => namesOf(link).directives),
    );
  return {
    authenticated: named('authenticated'),
    requiresScopes: named('requiresScopes'),
    policy: named('policy'),
    context: named('context'),
  };
}

/**
 * Specifications linked `for: SECURITY` that nothing here enforces. Served without them, everybody sees everything.
 * Source: link specification v1.0, `link__Purpose.SECURITY`.
 */
export function unknownSecurityOf(supergraph: DocumentNode, known: readonly string[]): string[] {
  const isKnown = ({ specification, version }: Link): boolean =>
    known.includes(specification) || (isEnforced(specification) && version.startsWith('v0.'));
  return linksOf(supergraph)
    .filter((link) => link.purpose === 'SECURITY' && !isKnown(link))
    .map(({ specification }) => specification);
}

/**
 * The supergraph as planners get it: without the directives that authorization enforces, their links and their types. The
 * same object when it has none.
 */
export function withoutSecurity(supergraph: DocumentNode): DocumentNode {
  const links = linksOf(supergraph).filter(({ specification }) => isEnforced(specification));
  if (links.length === 0) return supergraph;
  const directives = new Set(links.flatMap((link) => namesOf(link).directives));
  const types = new Set(links.flatMap((link) => namesOf(link).types));
  const namespaces = links.map((link) => `${link.as ?? link.specification}__`);
  const isOwnType = ({ value }: NameNode): boolean =>
    types.has(value) || namespaces.some((namespace) => value.startsWith(namespace));
  return visit(supergraph, {
    enter(node) {
      switch (node.kind) {
        case Kind.DIRECTIVE: {
          if (directives.has(node.name.value)) return null;
          const url = node.arguments?.find(({ name }) => ['url', 'feature'].includes(name.value))?.value;
          const isLink = url?.kind === Kind.STRING && isEnforced(url.value.split('/').at(-2) ?? '');
          return isLink ? null : undefined;
        }
        case Kind.DIRECTIVE_DEFINITION:
          return directives.has(node.name.value) ? null : undefined;
        case Kind.SCALAR_TYPE_DEFINITION:
          return isOwnType(node.name) ? null : undefined;
        default:
          return undefined;
      }
    },
  });
}

function isEnforced(specification: string): boolean {
  return (ENFORCED as readonly string[]).includes(specification);
}

function namesOf({ specification, as, imports }: Link): { directives: string[]; types: string[] } {
  // the directive of a specification's own name is called as its namespace
  const directives = [as ?? specification];
  const types: string[] = [];
  for (const { name, as: local } of imports) {
    if (!name.startsWith('@')) types.push(local);
    else if (name === `@${specification}`) directives.push(local.replace(/^@/, ''));
  }
  return { directives, types };
}
