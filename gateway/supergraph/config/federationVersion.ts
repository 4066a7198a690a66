import { Kind, parse } from 'graphql';
import { GatewayError } from '../../errors.ts';

/** Which composition a supergraph.yaml asks for, and which one it gets. */
export interface FederationVersion {
  /** As written (`2`, `latest-2`, `=2.9.0`, `v2.9.0`); `undefined` if the file names none. */
  readonly requested: string | undefined;
  /** The composition of this gateway, the only one it has: `2.14.4`. */
  readonly composedWith: string;
  /** What to tell the operator once, when an exact older version is composed with the bundled one. */
  readonly notice: string | undefined;
}

/**
 * Reads `federation_version`: a missing one, `2`, `latest-2`, and exact versions (`=2.9.0`, `v2.9.0`) up to the bundled
 * one. Compositions of Federation 2 are backward compatible, so that an older one is served by the bundled one.
 *
 * @returns the version, or the sentence that refuses it
 * Source: federation-rs, `apollo-federation-types/src/config/version.rs`: forms, lower bounds and first sentences. It also
 * knows Federation 1, which the bundled composition does not compose, and downloads newer ones, which is not done here.
 */
export function readFederationVersion(value: unknown, bundledVersion: string): FederationVersion | string {
  const composedWith = bundledVersion;
  if (value === undefined || value === null) return { requested: undefined, composedWith, notice: undefined };
  if (typeof value !== 'string' && typeof value !== 'number') {
    return `expected a version such as 2 or =${bundledVersion}, found ${Array.isArray(value) ? 'a list' : `a ${typeof value}`}`;
  }
  const requested = String(value);
  const refusal = `Specified version \`${requested}\` is not supported.`;
  if (requested === '2' || requested === 'latest-2') return { requested, composedWith, notice: undefined };
  const exact = /^[=v]/.test(requested) ? parseVersion(requested.slice(1)) : undefined;
  if (/^(0|1|latest-0|latest-1)$/.test(requested) || exact?.numbers[0] === 0 || exact?.numbers[0] === 1) {
    return `${refusal} It is Federation 1, and this gateway composes Federation 2 with ${bundledVersion}: write \`federation_version: 2\``;
  }
  if (exact === undefined) {
    return `${refusal} You can either specify '2', or a fully qualified version prefixed with an '=', like: =${bundledVersion}`;
  }
  if (isOlder(exact, { numbers: [2, 0, 0], preRelease: ['preview', '9'] })) {
    return `${refusal} The earliest version you can specify for federation 2 is '=2.0.0-preview.9'`;
  }
  const bundled = parseVersion(bundledVersion);
  if (bundled !== undefined && isOlder(bundled, exact)) {
    return `${refusal} It is newer than the bundled composition, ${bundledVersion}: write \`federation_version: 2\`, or update the gateway`;
  }
  const isBundled = bundled !== undefined && !isOlder(exact, bundled);
  const notice = `federation_version ${requested} is composed with the bundled composition ${bundledVersion}, which reads all of Federation 2 up to its own version.`;
  return { requested, composedWith, notice: isBundled ? undefined : notice };
}

/**
 * Refuses subgraphs that use `@link` where the file asks for Federation 1. The reader calls it for inline SDL; for SDL
 * that is read later the caller does. A file that passed the reader asks for Federation 2 and passes here.
 *
 * @param sdls SDL by subgraph name; SDL that does not parse is left to composition
 * @throws GatewayError SUPERGRAPH_CONFIG_INVALID, in Rover's words, naming the subgraphs in order
 */
export function checkFederationVersion(
  version: Pick<FederationVersion, 'requested'>,
  sdls: Readonly<Record<string, string>>,
): void {
  const problem = findLinkProblem(version.requested, sdls);
  if (problem !== undefined) throw new GatewayError('SUPERGRAPH_CONFIG_INVALID', { message: problem });
}

/** The sentence of `checkFederationVersion`, for a reader that collects problems. */
export function findLinkProblem(
  requested: string | undefined,
  sdls: Readonly<Record<string, string>>,
): string | undefined {
  if (requested === undefined || !/^([=v]?[01](\.|$)|latest-[01]$)/.test(requested)) return undefined;
  const names = Object.entries(sdls)
    .filter(([, sdl]) => hasLink(sdl))
    .map(([name]) => name);
  if (names.length === 0) return undefined;
  return `The 'federation_version' specified (${requested}) is invalid. The following subgraphs contain '@link' directives, which are only valid in Federation 2: ${names.sort().join(', ')}`;
}

function hasLink(sdl: string): boolean {
  try {
    return parse(sdl, { noLocation: true }).definitions.some(
      (definition) =>
        (definition.kind === Kind.SCHEMA_DEFINITION || definition.kind === Kind.SCHEMA_EXTENSION) &&
        definition.directives?.some((directive) => directive.name.value === 'link'),
    );
  } catch {
    return false;
  }
}

interface Version {
  readonly numbers: readonly number[];
  readonly preRelease: readonly string[];
}

/** Source: https://semver.org, the regular expression of its FAQ; build metadata takes no part in precedence. */
function parseVersion(text: string): Version | undefined {
  const number = '(0|[1-9]\\d*)';
  const identifier = '(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)';
  const match = new RegExp(
    `^${number}\\.${number}\\.${number}(?:-(${identifier}(?:\\.${identifier})*))?(?:\\+[0-9a-zA-Z.-]+)?$`,
  ).exec(text);
  if (match === null) return undefined;
  return { numbers: match.slice(1, 4).map(Number), preRelease: match[4]?.split('.') ?? [] };
}

/** Source: https://semver.org/#spec-item-11 */
function isOlder(left: Version, right: Version): boolean {
  for (const [index, number] of left.numbers.entries()) {
    const other = right.numbers[index] ?? 0;
    if (number !== other) return number < other;
  }
  if (left.preRelease.length === 0 || right.preRelease.length === 0) {
    return left.preRelease.length > right.preRelease.length;
  }
  for (const [index, part] of left.preRelease.entries()) {
    const other = right.preRelease[index];
    if (other === undefined) return false;
    if (part === other) continue;
    const [isNumber, otherIsNumber] = [/^\d+$/.test(part), /^\d+$/.test(other)];
    if (isNumber && otherIsNumber) return Number(part) < Number(other);
    return isNumber === otherIsNumber ? part < other : isNumber;
  }
  return left.preRelease.length < right.preRelease.length;
}
