/**
 * JSON with comments, as it stands in configuration files.
 */

/**
 * The value of a JSON text that may have comments and commas before closing brackets.
 *
 * @throws {SyntaxError} When it is none.
 */
export function parseJsonc(text: string): unknown {
  const withoutComments = text.replaceAll(
    /(?<string>"(?:\\.|[^"\\])*")|\/\/[^\n\r]*|\/\*[^]*?\*\//g,
    (_, string) => string ?? " ",
  );
  return JSON.parse(withoutComments.replaceAll(
    /(?<string>"(?:\\.|[^"\\])*")|,(?=\s*[\]}])/g,
    (_, string) => string ?? "",
  ));
}
