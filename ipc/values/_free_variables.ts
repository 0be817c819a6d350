/**
 * What a function needs from outside itself, found in its source text, so that it can be sent to
 * another realm by source.
 *
 * What it guarantees: a name is reported as free exactly when the language would look it up outside
 * the function; what text cannot carry at all (`this` of an arrow, `super`, a private name of the
 * class around it, `import.meta`, a relative `import()`) is reported as unsendable. What only a run
 * can tell is not seen: the variables that a direct `eval` reads, and a global that the function's
 * module shadows.
 *
 * How: the text is no program by itself (`get size() { … }` is only valid inside an object literal),
 * so it is parsed inside a {@linkcode FRAMES frame} that makes it one; the frame is always strict.
 * `eslint-scope` resolves the names. Forms that are not names are outside its model: one walk over
 * the tree finds them.
 *
 * @module
 */

import { type AnyNode, getLineInfo, type MethodDefinition, parse, type Property } from "acorn";
import { analyze, type Scope } from "eslint-scope";

/** What {@linkcode analyseFunction} finds out about one function. */
export interface FunctionAnalysis {
  /** An expression that yields the function when evaluated as strict code, inside parentheses. */
  readonly expression: string;
  /** Names that it uses and that are neither its own nor globals, sorted, unique. */
  readonly free: readonly string[];
  /**
   * Forms that cannot travel by source, unique, as written in the source: `this`, `super`, `arguments`, `new.target`, `import.meta`, `#name`, `import("./x.js")`.
   */
  readonly unsendable: readonly string[];
}

type FunctionNode = Extract<
  AnyNode,
  { type: "ArrowFunctionExpression" | "FunctionDeclaration" | "FunctionExpression" }
>;

/** A function found in its frame: with `member`, a method or accessor that only an object can hold. */
interface Located {
  readonly fn: FunctionNode;
  readonly member?: Property | MethodDefinition;
}

/**
 * The code around the source, in the order in which they are tried. No method's text is a valid
 * expression, except for a method called `function`, whose text is that of an anonymous function.
 *
 * - An expression stands in a derived class's constructor: there an arrow may use `super()`, `super.x`,
 *   `new.target` and `arguments`, so that they are found by the walk and not refused by the parser.
 * - A method stands in an async generator, because its computed key may hold `await` and `yield`.
 * - A private method is allowed in a class only.
 */
const FRAMES = [
  ["(class extends null { constructor() { (", ") } })"],
  ["(class extends null { async *m() { ({", "}) } })"],
  ["(class extends null {", "})"],
] as const;

/** How much of a source an error shows. */
const EXCERPT = 80;

/**
 * Finds out what the function with the given source text needs from outside itself.
 *
 * @param source What `Function.prototype.toString()` returns for the function.
 * @param isGlobal Whether a name, used as a variable, exists in every realm.
 * @param name The function's `name`, where the expression is to keep it although the source text does
 * not hold it: `const add = (a, b) => a + b`, `[key]() {}`. A name in the text wins.
 * @returns What it needs, and an expression for it.
 * @throws {TypeError} If the source is not the text of one function in strict mode, such as that of a
 * native function; the parser's `SyntaxError` is the `cause`.
 */
export function analyseFunction(
  source: string,
  isGlobal: (name: string) => boolean,
  name?: string,
): FunctionAnalysis {
  const text = source.trim();
  const { program, located, offset } = parseFramed(text);
  const names = outerNames(program, located.fn);
  const forms = outerForms(located.fn, (start, end) => text.slice(start - offset, end - offset));
  if (names.delete("arguments")) forms.add("arguments");
  return {
    expression: expressionFor(text, offset, located, name),
    free: [...names].filter((free) => !isGlobal(free)).sort(),
    unsendable: [...forms],
  };
}

type Program = ReturnType<typeof parse>;

/**
 * Parses the text in the first frame in which it is a function. If there is none, the frame that got
 * farthest tells why, unless the text is other code in some frame.
 */
function parseFramed(text: string): { program: Program; located: Located; offset: number } {
  let farthest: { at: number; error: SyntaxError } | undefined;
  let otherCode = false;
  for (const [before, after] of FRAMES) {
    const offset = before.length;
    try {
      const program = parse(`${before}${text}${after}`, {
        ecmaVersion: "latest",
        sourceType: "module",
        ranges: true,
        allowSuperOutsideMethod: true,
        checkPrivateFields: false,
      });
      const located = locate(program, offset, offset + text.length);
      if (located !== undefined) return { program, located, offset };
      otherCode = true;
    } catch (error) {
      if (!isParseError(error)) throw error;
      const at = Math.min(Math.max(error.pos - offset, 0), text.length);
      if (farthest === undefined || at > farthest.at) farthest = { at, error };
    }
  }
  throw notAFunction(text, otherCode ? undefined : farthest);
}

function isParseError(error: unknown): error is SyntaxError & { readonly pos: number } {
  return error instanceof SyntaxError && "pos" in error && typeof error.pos === "number";
}

function notAFunction(
  text: string,
  farthest: { at: number; error: SyntaxError } | undefined,
): TypeError {
  const excerpt = text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text;
  if (farthest === undefined) {
    return new TypeError(
      `Cannot send a function by source: its text is not that of one function: ${excerpt}`,
    );
  }
  const { at, error } = farthest;
  const { line, column } = getLineInfo(text, at);
  // The parser's own position counts the frame.
  const problem = error.message.replace(/ \(\d+:\d+\)$/, "");
  return new TypeError(
    `Cannot send a function by source: ${problem} at ${line}:${column + 1}: ${excerpt}`,
    { cause: error },
  );
}

/** The function whose text spans exactly from `start` to `end`, so that the frame holds no other code. */
function locate(root: AnyNode, start: number, end: number): Located | undefined {
  let node: AnyNode | undefined = root;
  while (node !== undefined && (node.start !== start || node.end !== end)) {
    node = children(node).find((child) => child.start <= start && child.end >= end);
  }
  switch (node?.type) {
    case "ArrowFunctionExpression":
    case "FunctionExpression":
      return { fn: node };
    case "Property":
      return (node.method || node.kind !== "init") && node.value.type === "FunctionExpression"
        ? { fn: node.value, member: node }
        : undefined;
    case "MethodDefinition":
      return node.key.type === "PrivateIdentifier" ? { fn: node.value, member: node } : undefined;
    default:
      return undefined;
  }
}

function children(node: AnyNode): AnyNode[] {
  return Object.values(node).flat().filter(isNode);
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value &&
    typeof value.type === "string";
}

/** The names that the function takes from outside, `arguments` of a function around it included. */
function outerNames(program: Program, fn: FunctionNode): Set<string> {
  // Both describe the same ESTree tree, by types that differ in names only.
  const scopes = analyze(program as Parameters<typeof analyze>[0], {
    ecmaVersion: 2022,
    sourceType: "module",
    // Strict code's direct eval declares nothing in the scopes around it, so names stay resolvable.
    ignoreEval: true,
    childVisitorKeys: { ImportExpression: ["source", "options"] },
  });
  const scope = scopes.scopes.find((scope) => scope.block as unknown === fn);
  const names = new Set<string>();
  for (const { identifier, from } of scope?.through ?? []) {
    // The analyser takes `arguments` in a default parameter for a name from outside.
    if (identifier.name === "arguments" && hasArguments(from, fn)) continue;
    names.add(identifier.name);
  }
  // Only a declaration's name can be assigned to, and that is a variable of the scope around it. The
  // expression that is sent would have a constant instead.
  for (const own of scope?.functionExpressionScope ? scope.variables : []) {
    if (own.references.some((reference) => reference.isWrite())) names.add(own.name);
  }
  return names;
}

/** Whether `arguments` in the scope belongs to a function from `fn` inwards. */
function hasArguments(scope: Scope | null, fn: FunctionNode): boolean {
  for (; scope !== null; scope = scope.upper) {
    if (scope.type === "function" && scope.block.type !== "ArrowFunctionExpression") return true;
    if (scope.block as unknown === fn) return false;
  }
  return false;
}

/** What is the function's own, from `fn` inwards, at one place in its tree. */
interface Place {
  /** `this` and `new.target` are. */
  readonly receiver: boolean;
  /** The object that `super` starts from is. */
  readonly home: boolean;
  /** These private names are. */
  readonly privates: ReadonlySet<string>;
}

/** The forms other than names by which the function uses something outside it. */
function outerForms(fn: FunctionNode, written: (start: number, end: number) => string) {
  const forms = new Set<string>();

  function visitAll(nodes: readonly AnyNode[], place: Place): void {
    for (const node of nodes) visit(node, place);
  }

  function visit(node: AnyNode, place: Place): void {
    const inside = { ...place, receiver: true, home: true };
    switch (node.type) {
      case "ThisExpression":
        if (!place.receiver) forms.add("this");
        return;
      case "Super":
        if (!place.home) forms.add("super");
        return;
      case "MetaProperty":
        if (node.meta.name === "import") forms.add("import.meta");
        else if (!place.receiver) forms.add("new.target");
        return;
      case "PrivateIdentifier":
        if (!place.privates.has(node.name)) forms.add(`#${node.name}`);
        return;
      case "ImportExpression":
        if (/^\.{0,2}\//.test(literalText(node.source) ?? "")) {
          forms.add(`import(${written(node.source.start, node.source.end)})`);
        }
        return visitAll(children(node), place);
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "StaticBlock":
        return visitAll(children(node), inside);
      case "PropertyDefinition":
        visit(node.key, place);
        if (node.value) visit(node.value, inside);
        return;
      case "ClassDeclaration":
      case "ClassExpression":
        if (node.superClass) visit(node.superClass, place);
        return visit(node.body, {
          ...place,
          privates: new Set([...place.privates, ...declaredPrivates(node.body.body)]),
        });
      default:
        return visitAll(children(node), place);
    }
  }

  const receiver = fn.type !== "ArrowFunctionExpression";
  visitAll(children(fn), { receiver, home: false, privates: new Set() });
  return forms;
}

function declaredPrivates(members: readonly AnyNode[]): string[] {
  return members.flatMap((member) =>
    "key" in member && member.key.type === "PrivateIdentifier" ? [member.key.name] : []
  );
}

/** The text of a string literal, or of a template without substitutions. */
function literalText(node: AnyNode): string | undefined {
  if (node.type === "Literal" && typeof node.value === "string") return node.value;
  if (node.type === "TemplateLiteral" && node.expressions.length === 0) {
    return node.quasis[0]?.value.cooked ?? undefined;
  }
  return undefined;
}

/**
 * A method is put into a new object under its name as a string, so that a computed key, which may use
 * anything, is not evaluated again. A property's key also names an anonymous function.
 */
function expressionFor(
  text: string,
  offset: number,
  { fn, member }: Located,
  name: string | undefined,
): string {
  if (member === undefined) {
    if (!name || fn.id) return text;
    const key = JSON.stringify(name);
    return `({ [${key}]: ${text} })[${key}]`;
  }
  const key = JSON.stringify(memberName(text, offset, member, name));
  const body = text.slice(fn.start - offset);
  if (member.kind === "get" || member.kind === "set") {
    const object = `{ ${member.kind} [${key}]${body} }`;
    return `Object.getOwnPropertyDescriptor(${object}, ${key}).${member.kind}`;
  }
  return `({ ${fn.async ? "async " : ""}${fn.generator ? "*" : ""}[${key}]${body} })[${key}]`;
}

/** The key that gives a method its name; `[key]` as written if only a run can tell what it was. */
function memberName(
  text: string,
  offset: number,
  { key, computed, kind }: Property | MethodDefinition,
  name: string | undefined,
): string {
  if (key.type === "PrivateIdentifier") return `#${key.name}`;
  if (!computed && key.type === "Identifier") return key.name;
  if (key.type === "Literal" && !(key.value instanceof RegExp)) return String(key.value);
  if (name === undefined) return `[${text.slice(key.start - offset, key.end - offset)}]`;
  return kind === "get" || kind === "set" ? name.replace(/^[gs]et /, "") : name;
}
