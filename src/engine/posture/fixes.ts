import { isDeepStrictEqual } from 'node:util';
import type { AccessService } from '../access/service';
import { EngineError } from '../model/error';
import type { AccessMode } from '../model/events';
import type { ChatContext } from '../model/identity';
import type { Fix, FixPreview } from '../model/posture';
import type { PermissionsPort, SettingsPort } from './ports';

/** What a fix changes things through. */
export interface FixPorts {
  readonly settings: SettingsPort;
  readonly permissions: PermissionsPort;
  readonly access: Pick<AccessService, 'setMode'>;
  /** What the owner chose, also where the profile does not let it count. */
  readonly chosenMode: (channel: string, context: ChatContext) => AccessMode;
}

/** A fix that changes something by itself, so that it can be shown beforehand and undone. */
export type OwnFix = Exclude<Fix, { kind: 'command' }>;

/** What is there before a fix and what is there after it; undefined where there is no value. */
export interface FixValues {
  readonly place: string;
  readonly before: unknown;
  readonly after: unknown;
}

export function isOwnFix(fix: Fix | undefined): fix is OwnFix {
  return fix !== undefined && fix.kind !== 'command';
}

export async function valuesOf(fix: OwnFix, ports: FixPorts): Promise<FixValues> {
  switch (fix.kind) {
    case 'setting':
      return { place: `cowork.${fix.key}`, before: ports.settings.get(fix.key), after: fix.value };
    case 'mode':
      return {
        place: `${fix.channel}, ${fix.context}`,
        before: ports.chosenMode(fix.channel, fix.context),
        after: fix.mode,
      };
    case 'permissions':
      return {
        place: fix.path,
        before: octal(await ports.permissions.get(fix.path)),
        after: octal(fix.mode),
      };
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(3, '0');
}

export function previewOf(fix: OwnFix, { place, before, after }: FixValues): FixPreview {
  return { title: fix.title, place, before: shown(before), after: shown(after) };
}

function shown(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, 2);
}

/**
 * Puts `value` where the fix of this kind and place works.
 * @throws EngineError when the place is not one, or the value not one that it takes.
 */
export async function put(
  kind: OwnFix['kind'],
  place: string,
  value: unknown,
  ports: FixPorts,
): Promise<void> {
  switch (kind) {
    case 'setting':
      await ports.settings.set(place.replace(/^cowork\./, ''), value);
      return;
    case 'mode': {
      const [channel = '', context] = place.split(', ');
      const known = context === 'dm' || context === 'group' || context === 'public';
      const mode = value === 'pairing' || value === 'allowlist' || value === 'open' || value === 'disabled';
      if (!known || !mode) throw new EngineError(`${place} cannot be set to ${String(value)}.`);
      await ports.access.setMode(channel, context, value);
      return;
    }
    case 'permissions':
      if (typeof value !== 'string' || !/^[0-7]{3}$/.test(value))
        throw new EngineError(`${String(value)} is no mode of a file.`);
      await ports.permissions.set(place, Number.parseInt(value, 8));
      return;
  }
}

/** What stands there now. */
export async function current(kind: OwnFix['kind'], place: string, ports: FixPorts): Promise<unknown> {
  switch (kind) {
    case 'setting':
      return ports.settings.get(place.replace(/^cowork\./, ''));
    case 'mode': {
      const [channel = '', context] = place.split(', ');
      return context === 'dm' || context === 'group' || context === 'public'
        ? ports.chosenMode(channel, context)
        : undefined;
    }
    case 'permissions':
      return octal(await ports.permissions.get(place));
  }
}

/** Plain JSON, so that a value from the record compares with one from the settings. */
export function sameValue(a: unknown, b: unknown): boolean {
  const plain = (value: unknown): unknown =>
    value === undefined ? undefined : JSON.parse(JSON.stringify(value));
  return isDeepStrictEqual(plain(a), plain(b));
}
