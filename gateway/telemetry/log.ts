import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export interface LogOptions {
  readonly level: string;
  /** `json`: a line a record, for collectors. `pretty`: for people. */
  readonly format: 'json' | 'pretty';
  readonly colorize: boolean;
}

/** Names under which secrets travel; their values never reach a log. */
const SECRETS = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'x-tributary-principal',
  'password',
  'secret',
  'token',
];

/** The gateway's log, on standard error: standard output belongs to what commands print. */
export function createLog({ level, format, colorize }: LogOptions): Logger {
  const options = {
    level,
    base: null,
    redact: SECRETS.flatMap((name) => [
      `["${name}"]`,
      `*["${name}"]`,
      `headers["${name}"]`,
      `*.headers["${name}"]`,
    ]),
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  const destination: DestinationStream =
    format === 'json'
      ? pino.destination({ fd: 2, sync: false })
      : pretty({
          destination: 2,
          sync: true,
          colorize,
          translateTime: 'SYS:HH:MM:ss',
          ignore: 'pid,hostname',
        });
  return pino(options, destination);
}
