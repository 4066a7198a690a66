import type { ExposureLists, ExposureSettings } from './errorExposureSettings.ts';

/** What clients learn of the errors of one subgraph. */
export interface ErrorExposure {
  /** Whether anything of an error is shown: otherwise it has a fixed message, its path and a code of the gateway. */
  readonly isShown: boolean;
  readonly redactsMessage: boolean;
  readonly showsExtension: (key: string) => boolean;
}

const HIDDEN: ErrorExposure = { isShown: false, redactsMessage: true, showsExtension: () => false };
const SHOWN: ErrorExposure = { isShown: true, redactsMessage: false, showsExtension: () => true };

/**
 * Makes one rule of what is said of all subgraphs and of each. A list of a subgraph extends the list of all where both are of
 * a kind, less what `exclude_global_keys` names; one of the other kind takes its place.
 */
export function errorExposure({ all, subgraphs }: ExposureSettings): (subgraph: string) => ErrorExposure {
  const ofAll = typeof all === 'boolean' ? bySwitch(all) : byLists(all.redact_message, all);
  const own = new Map(
    Object.entries(subgraphs).map(([name, value]) => [
      name,
      typeof value === 'boolean'
        ? bySwitch(value)
        : byLists(
            value.redact_message ?? ofAll.redactsMessage,
            typeof all === 'boolean' ? value : together(all, value),
          ),
    ]),
  );
  return (subgraph) => own.get(subgraph) ?? ofAll;
}

function bySwitch(isShown: boolean): ErrorExposure {
  return isShown ? SHOWN : HIDDEN;
}

function byLists(
  redactsMessage: boolean,
  { allow_extensions_keys: allowed, deny_extensions_keys: denied }: ExposureLists,
): ErrorExposure {
  const listed = new Set(allowed ?? denied);
  const isAllowList = allowed !== undefined;
  return { isShown: true, redactsMessage, showsExtension: (key) => listed.has(key) === isAllowList };
}

function together(
  all: ExposureLists,
  own: ExposureLists & { readonly exclude_global_keys?: readonly string[] | undefined },
): ExposureLists {
  const kept = (list: readonly string[] | undefined): readonly string[] =>
    (list ?? []).filter((key) => own.exclude_global_keys?.includes(key) !== true);
  if (own.allow_extensions_keys !== undefined) {
    return { allow_extensions_keys: [...kept(all.allow_extensions_keys), ...own.allow_extensions_keys] };
  }
  if (own.deny_extensions_keys !== undefined) {
    return { deny_extensions_keys: [...kept(all.deny_extensions_keys), ...own.deny_extensions_keys] };
  }
  return all.allow_extensions_keys === undefined
    ? { deny_extensions_keys: kept(all.deny_extensions_keys) }
    : { allow_extensions_keys: kept(all.allow_extensions_keys) };
}
