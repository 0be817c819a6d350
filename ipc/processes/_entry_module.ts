/**
 * Generated main modules for workers.
 */

/** What a generated module does. */
export interface EntryModule {
  /** The URL of the module that serves the parent. */
  readonly entry: string;
  /** The export of it to call. */
  readonly serve: string;
  /** URLs of modules to spell out; `serve` gets them first, as functions that import them. */
  readonly modules: Iterable<string>;
  /** What else `serve` gets; plain data. */
  readonly args?: readonly unknown[];
  /** Statements to run before. */
  readonly first?: string;
}

/**
 * A module, as a `data:` URL, that spells out imports: an import that is spelled out takes no
 * permission in the worker, a computed one does.
 */
export function entryModule({ entry, serve, modules, args = [], first = "" }: EntryModule): string {
  const loaders = [...new Set(modules)].map((url) => {
    const literal = JSON.stringify(url);
    return `${literal}: () => import(${literal})`;
  });
  const given = [`{ ${loaders.join(", ")} }`, ...args.map((arg) => JSON.stringify(arg))];
  const source = `import { ${serve} } from ${JSON.stringify(entry)};` +
    `${first}${serve}(${given.join(", ")});`;
  // All that a URL does not keep as it is; escaping more would cost room on a command line.
  return `data:text/javascript,${source.replaceAll(/[%#]|[^\x20-\x7e]+/g, encodeURIComponent)}`;
}
