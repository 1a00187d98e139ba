import type * as vscode from 'vscode';
import { Emitter } from '../../engine/model/emitter';
import type { Disposable } from '../../engine/model/ports';

/** What a person has chosen to see of a tree. Kept for the workspace, so that a reload brings it back. */
export class TreeChoices<G extends string> implements Disposable {
  private readonly changed = new Emitter<void>();
  readonly onChange = this.changed.event;
  private text: string;
  private by: G;

  /** `groups` are the ways to group; the first is taken until another is chosen. */
  constructor(
    private readonly memory: vscode.Memento,
    private readonly key: string,
    readonly groups: readonly [G, ...G[]],
  ) {
    this.text = String(memory.get<unknown>(`${key}.filter`) ?? '');
    const kept = memory.get<unknown>(`${key}.group`);
    this.by = groups.find((group) => group === kept) ?? groups[0];
  }

  get filter(): string {
    return this.text;
  }

  get group(): G {
    return this.by;
  }

  /** True when one of these texts has what is looked for, in whatever case. */
  fits(...texts: readonly string[]): boolean {
    const wanted = this.text.toLocaleLowerCase();
    return wanted === '' || texts.some((text) => text.toLocaleLowerCase().includes(wanted));
  }

  async setFilter(text: string): Promise<void> {
    this.text = text.trim();
    this.changed.fire();
    await this.memory.update(`${this.key}.filter`, this.text);
  }

  async setGroup(group: G): Promise<void> {
    this.by = group;
    this.changed.fire();
    await this.memory.update(`${this.key}.group`, group);
  }

  dispose(): void {
    this.changed.dispose();
  }
}

export type UserGroup = 'channel' | 'role' | 'none';
export type TaskGroup = 'state' | 'person' | 'channel';

/** `items` by a name, in the order in which the names first come. */
export function grouped<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = nameOf(item);
    groups.set(name, [...(groups.get(name) ?? []), item]);
  }
  return groups;
}
