/** The pages of `docs/python/` show the programs of `examples/python/` as they are, and what they print. */

import { assertEquals } from "@std/assert";
import { PROGRAMS } from "./python_programs/expected.ts";
import { ROOT } from "./support/run_deno.ts";

const PAGES = new URL("docs/python/", ROOT);
const EXAMPLES = new URL("examples/python/", ROOT);

/** What a page shows of one program, from its heading to the next. */
interface Section {
  /** Of the program. */
  readonly name: string;
  /** Of its heading. */
  readonly link: string;
  readonly text: string;
}

async function sectionsOf(page: string): Promise<Section[]> {
  const [, ...sections] = (await Deno.readTextFile(new URL(page, PAGES))).split("\n## ");
  return sections.map((text) => ({
    name: /examples\/python\/(\w+)\.ts\)/.exec(text)![1]!,
    link: `${page}#${anchorOf(text.slice(0, text.indexOf("\n")))}`,
    text,
  }));
}

/** How a heading is linked to. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^\w\- ]/g, "").replaceAll(" ", "-");
}

/** Without the comment at the head, which a page has as its text. */
const withoutHead = (program: string) => program.slice(program.indexOf("*/\n\n") + 4);

/** The blocks of a language. */
const blocks = (language: string, text: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?\n)\`\`\`$`, "gms"))].map(([, code]) =>
    code!
  );

const read = (file: string) => Deno.readTextFile(new URL(file, EXAMPLES));

const pages = await Array.fromAsync(Deno.readDir(PAGES), ({ name }) => name);
const sections = (await Promise.all(pages.map(sectionsOf))).flat();

Deno.test("the pages of docs/python show each program once", () => {
  assertEquals(sections.map(({ name }) => name).toSorted(), Object.keys(PROGRAMS).toSorted());
});

for (const section of sections) {
  const { name } = section;
  Deno.test(`docs/python shows ${name} as it is, and what it prints`, async () => {
    const [python, herd] = await Promise.all([read(`${name}.py`), read(`${name}.ts`)]);
    assertEquals(blocks("py", section.text), [python]);
    assertEquals(blocks("ts ignore", section.text), [withoutHead(herd)]);
    const [output, ...more] = blocks("text", section.text);
    PROGRAMS[name]!.prints(output!.split("\n").slice(0, -1));
    assertEquals(more, []);
  });
}

Deno.test("coming-from-python shows a program as it is, and names the page of each", async () => {
  const text = await Deno.readTextFile(new URL("docs/coming-from-python.md", ROOT));
  const [python, herd] = await Promise.all([
    read("queue_sentinel.py"),
    read("queue_sentinel.ts"),
  ]);
  assertEquals(blocks("py", text), [python]);
  assertEquals(blocks("ts ignore", text), [withoutHead(herd)]);

  const links = [...text.matchAll(/\]\(\.\/python\/([\w-]+\.md#[^)]+)\)/g)];
  assertEquals(
    links.map(([, link]) => link!).toSorted(),
    sections.map(({ link }) => link).toSorted(),
  );
});
