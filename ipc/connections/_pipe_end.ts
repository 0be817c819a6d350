/**
 * An end of a pipe, as one thread knows it: what it reads and writes, and who has it.
 *
 * All copies that a thread has of an end are over the same of these. A copy is counted in the end's ledger
 * (`_end_ledger.ts`) from the moment in which it is sent: in the name of the thread that it goes to, or of nobody
 * where that is not known. When the last is closed, what the end writes comes to an end for those who read it, and
 * what it would have read is dropped: both mailboxes are shut by who closed it. When the last has died there is
 * nobody to do so; then those at the other end, which look after each death, find it out each for themselves.
 */

import { thisRealm } from "../../sync/_realm.ts";
import { knownObject, registerShareable, remember } from "../../sync/_shareable.ts";
import { CancelledError } from "../../sync/errors.ts";
import { EndLedger, LEDGER_BYTES } from "./_end_ledger.ts";
import { discardItem } from "../queues/_item_bytes.ts";
import { allocateMailbox, Mailbox, type MailboxMemory } from "../queues/_mailbox.ts";

/** As many bytes may be under way before one more message: what a pipe of Linux holds. */
const CAPACITY = 65_536;

/** One of the two ends. */
export type Side = 0 | 1;

/** The memory of a pipe. */
export interface PipeMemory {
  /** What each end reads. */
  readonly inboxes: readonly [MailboxMemory | null, MailboxMemory | null];
  readonly ledgers: SharedArrayBuffer;
  /** The numbers of the ends. */
  readonly ids: readonly [number, number];
}

/** Memory for a pipe; where it is not duplex, the first end only reads. */
export function allocatePipe(duplex: boolean): PipeMemory {
  const { realms } = thisRealm();
  return {
    inboxes: [
      allocateMailbox(0, CAPACITY),
      duplex ? allocateMailbox(0, CAPACITY) : null,
    ],
    ledgers: new SharedArrayBuffer(2 * LEDGER_BYTES),
    ids: [realms.nextObject(), realms.nextObject()],
  };
}

/** See the head of the file. */
export class PipeEnd {
  readonly memory: PipeMemory;
  readonly side: Side;
  /** What it reads; `undefined` where it only writes. */
  readonly inbox: Mailbox | undefined;
  /** What it writes; `undefined` where it only reads. */
  readonly outbox: Mailbox | undefined;
  readonly #own: EndLedger;
  readonly #other: EndLedger;
  /** How many of this thread's messages wait for room without blocking it. */
  unsent = 0;
  #isDeserted = false;
  /** How many realms had died at the last look for the other end. */
  #deaths = -1;

  private constructor(memory: PipeMemory, side: Side) {
    this.memory = memory;
    this.side = side;
    const { inboxes, ledgers } = memory;
    const isDeserted = () => this.isDeserted;
    const [mine, others] = side === 0 ? inboxes : inboxes.toReversed();
    this.inbox = mine ? new Mailbox(mine, isDeserted) : undefined;
    this.outbox = others ? new Mailbox(others, isDeserted) : undefined;
    this.#own = new EndLedger(ledgers, side * LEDGER_BYTES);
    this.#other = new EndLedger(ledgers, (1 - side) * LEDGER_BYTES);
  }

  /** The end, as this thread knows it. */
  static of(memory: PipeMemory, side: Side): PipeEnd {
    const id = memory.ids[side];
    const known = knownObject(id);
    if (known instanceof PipeEnd) return known;
    const end = new PipeEnd(memory, side);
    remember(id, end);
    return end;
  }

  get id(): number {
    return this.memory.ids[this.side];
  }

  /** Whether nobody has the other end, as far as deaths can tell. */
  get isDeserted(): boolean {
    if (this.#isDeserted) return true;
    // Before the look: one that dies after it shows next time.
    const { deaths } = thisRealm().realms;
    if (deaths === this.#deaths) return false;
    this.#isDeserted = !this.#other.isHeld;
    this.#deaths = deaths;
    // Not now: this may be asked under the guard.
    if (this.#isDeserted) queueMicrotask(() => drain(this.outbox));
    return this.#isDeserted;
  }

  /** A realm has one more copy, or is going to. */
  add(realm: number): void {
    this.#own.add(realm);
  }

  /** This realm has the copy that was under way to another, or to nobody known. */
  arrived(realm: number): void {
    const { id } = thisRealm();
    if (realm === id) return;
    this.#own.add(id);
    this.#own.remove(realm);
  }

  /** A realm has one copy less. */
  remove(realm: number): void {
    this.#own.remove(realm);
    if (this.#own.isHeld) return;
    try {
      // First what can be received no more, so that who learns of the end by EOF can't send either.
      drain(this.inbox);
      this.inbox?.shut(true);
      this.outbox?.shut(false);
    } catch (error) {
      // A thread that was told to end: others see that for themselves.
      if (!(error instanceof CancelledError)) throw error;
    }
  }
}

/** Takes out what nobody will, so that what it has brought along is let go of. */
function drain(mailbox: Mailbox | undefined): void {
  if (mailbox === undefined) return;
  for (let end = mailbox.tryGet(); typeof end !== "string"; end = mailbox.tryGet()) {
    discardItem(end);
  }
}

registerShareable<PipeEnd>({
  name: "PipeEnd",
  prototype: PipeEnd.prototype,
  id: (end) => end.id,
  data: ({ memory, side }) => [memory, side],
  make: (data) => PipeEnd.of(...data as [PipeMemory, Side]),
});
