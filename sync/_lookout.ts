/**
 * Tells those that sleep in a realm that a realm has died: what they wait for may have died with it.
 *
 * Only those that block no thread are told; a blocked thread looks for itself (`_drive.ts`). The word of
 * deaths is watched while anybody sleeps, and until the next death once it has been begun.
 *
 * No death is missed: whoever goes to sleep first reads how many there were, then looks at what it waits
 * for, then is added here, and then compares. A death before that shows in the comparison, and a later one
 * changes the word from the value that is watched.
 */

import { watch } from "./_park.ts";
import type { Realms } from "./_realms.ts";

/** What sleeps. */
export interface Sleeper {
  /** A realm has died since it was added. */
  death(): void;
}

/** See the head of the file. */
export class Lookout {
  readonly #realms: Realms;
  readonly #sleepers = new Set<Sleeper>();
  #isWatching = false;

  constructor(realms: Realms) {
    this.#realms = realms;
  }

  add(sleeper: Sleeper): void {
    this.#sleepers.add(sleeper);
    this.#watch();
  }

  delete(sleeper: Sleeper): void {
    this.#sleepers.delete(sleeper);
  }

  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    const { words, deathsWord, deaths } = this.#realms;
    watch(words, deathsWord, deaths, () => {
      this.#isWatching = false;
      const told = [...this.#sleepers];
      // First of all, since a death that comes now must not be missed.
      if (told.length > 0) this.#watch();
      for (const sleeper of told) sleeper.death();
    });
  }
}
