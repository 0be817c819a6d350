/** Two processes wait for an event: one for as long as it takes, one not longer than 100 ms. */

import { Event, Process } from "@herd/concurrent";

async function wait(event: Event): Promise<void> {
  console.log("the patient one:", await event.wait());
}

async function waitBriefly(event: Event, timeout: number): Promise<void> {
  console.log("the impatient one:", await event.wait({ timeout }));
}

if (import.meta.main) {
  const event = new Event();
  const patient = new Process({ target: wait, args: [event] });
  const impatient = new Process({ target: waitBriefly, args: [event, 100] });
  patient.start();
  impatient.start();
  await impatient.join();
  console.log("the event is set");
  await event.set();
  await patient.join();
}
