import { GatewayError } from '../errors.ts';

/** Exit codes of the command; they are API, and `--help` lists them. */
export const exitCodes = Object.freeze({
  done: 0,
  /** A fault that has no code of its own. */
  failed: 1,
  /** Wrong flags or arguments. */
  usage: 2,
  /** `supergraph.yaml`, `gateway.yaml`, an environment variable or the module of permissions is wrong. */
  configuration: 3,
  /** The subgraph schemas do not compose, or the supergraph cannot be served. */
  composition: 4,
  /** A port is taken. */
  port: 5,
  /** Node.js is too old (see `gateway/bootstrap.cjs`). */
  node: 6,
});

export const exitCodesHelp = `
Exit codes:
  0  done
  1  a fault that has no code of its own
  2  wrong flags or arguments, or an operation that is not valid
  3  supergraph.yaml, gateway.yaml, an environment variable or the permissions are wrong
  4  the subgraph schemas do not compose, cannot be read, or the supergraph cannot be served
  5  a port is taken
  6  Node.js is too old`;

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof GatewayError)) return exitCodes.failed;
  switch (error.code) {
    case 'SETTINGS_INVALID':
    case 'SUPERGRAPH_CONFIG_INVALID':
    case 'PERMISSIONS_INVALID':
      return exitCodes.configuration;
    case 'COMPOSITION_FAILED':
    case 'SUPERGRAPH_INVALID':
    case 'SUBGRAPH_SCHEMA_UNAVAILABLE':
      return exitCodes.composition;
    case 'PORT_TAKEN':
      return exitCodes.port;
    case 'OPERATION_INVALID':
    case 'KEY_COMMAND_INVALID':
      return exitCodes.usage;
    default:
      return exitCodes.failed;
  }
}
