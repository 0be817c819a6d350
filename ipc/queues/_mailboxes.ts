/**
 * The mailboxes of queues, for those that know the queue as a shared object only.
 */

import { kindOf } from "../../sync/_shareable.ts";
import { Mailbox, type MailboxMemory } from "./_mailbox.ts";

const mailboxes = new WeakMap<object, Mailbox>();

/** The mailbox of a queue of this process. */
export function mailboxOf(queue: object): Mailbox {
  const memory = kindOf(queue)!.data(queue) as MailboxMemory;
  let mailbox = mailboxes.get(memory.bytes);
  if (mailbox === undefined) mailboxes.set(memory.bytes, mailbox = new Mailbox(memory));
  return mailbox;
}
