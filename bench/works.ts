/** Every work, in the order of the report. */
import { managerWorks } from "./manager_works.ts";
import { poolWorks } from "./pool_works.ts";
import { processWorks } from "./process_works.ts";
import { programWorks } from "./program_works.ts";
import { queueWorks } from "./queue_works.ts";
import { syncWorks } from "./sync_works.ts";
import { threadWorks } from "./thread_works.ts";
import { nameOf, type Work } from "./work.ts";

/** See the head of the file. */
export const works: readonly Work[] = [
  ...threadWorks,
  ...processWorks,
  ...poolWorks,
  ...programWorks,
  ...syncWorks,
  ...queueWorks,
  ...managerWorks,
];

/** Whether `name` means the work: `burst` and `threads` mean several, `threads/burst` one. */
export function isNamed(work: Work, name: string): boolean {
  return [work.kind, work.measure, nameOf(work)].includes(name);
}
