/**
 * Paths of files, and the `file:` URLs that name them.
 */

const onWindows = Deno.build.os === "windows";

/** The path that a `file:` URL names. */
export function pathOf(url: URL): string {
  // As everywhere in Deno, a stray percent sign stands for itself.
  const path = decodeURIComponent(url.pathname.replaceAll(/%(?![0-9A-Fa-f]{2})/g, "%25"));
  if (!onWindows) return path;
  const backward = path.replaceAll("/", "\\");
  return url.hostname === "" ? backward.slice(1) : `\\\\${url.hostname}${backward}`;
}

/** The `file:` URL of a path that starts at a root. */
export function fileUrl(path: string): URL {
  const forward = onWindows ? path.replaceAll("\\", "/") : path;
  const escaped = encodeURI(forward.toWellFormed()).replaceAll(/[?#]/g, encodeURIComponent);
  const namesHost = onWindows && escaped.startsWith("//");
  return new URL(namesHost ? `file:${escaped}` : `file:///${escaped.replace(/^\//, "")}`);
}

/**
 * The path from the root, without `.`, `..` and doubled slashes.
 *
 * @param base The folder for a path that does not start at a root; default the working directory.
 */
export function absolutePath(path: string | URL, base?: string): string {
  const given = path instanceof URL ? pathOf(path) : path;
  const isAbsolute = onWindows ? /^(?:[A-Za-z]:[\\/]|[\\/]{2})/.test(given) : given.startsWith("/");
  const whole = isAbsolute ? given : `${base ?? Deno.cwd()}/${given}`;
  return pathOf(fileUrl(onWindows ? whole : whole.replaceAll(/\/+/g, "/")));
}

/** Whether a path is that of a folder or lies in it; both start at a root. */
export function isWithin(folder: string, path: string): boolean {
  const separator = onWindows ? "\\" : "/";
  return path === folder ||
    path.startsWith(folder.endsWith(separator) ? folder : `${folder}${separator}`);
}
