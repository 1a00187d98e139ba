/** A card on the page. `closed`: its request waits no more, and it only stays until the person looks away. */
export interface Shown {
  readonly key: string;
  readonly closed: boolean;
  /** The pointer or the keyboard is on it or on one of its neighbours: nothing may move. */
  readonly held: boolean;
}

export interface Changes {
  /** Cards to leave in place without their buttons. */
  readonly close: readonly string[];
  readonly remove: readonly string[];
  /** Cards to add at the end, so that nothing that is there moves. */
  readonly add: readonly string[];
}

/** A request that changed is another request: what was shown is part of the name of its card. */
export function cardKey(card: { readonly id: string; readonly bindingHash: string }): string {
  return `${card.id}\u0000${card.bindingHash}`;
}

/** What has to change on the page so that it shows `wanted`, without moving anything that is held. */
export function reconcile(shown: readonly Shown[], wanted: readonly string[]): Changes {
  const present = new Set(shown.filter((card) => !card.closed).map((card) => card.key));
  const wantedKeys = new Set(wanted);
  const gone = shown.filter((card) => card.closed || !wantedKeys.has(card.key));
  return {
    close: gone.filter((card) => card.held && !card.closed).map((card) => card.key),
    remove: gone.filter((card) => !card.held).map((card) => card.key),
    add: wanted.filter((key) => !present.has(key)),
  };
}
