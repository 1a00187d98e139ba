import * as z from 'zod';
import type { ChannelDescriptor } from '../channels/contract';
import { readSettings } from '../channels/manager/settings';
import type { SettingField } from '../views/ports';

type Json = Readonly<Record<string, unknown>>;

/** Settings are named in sentences as the person finds them: “cowork.channels.mattermost.serverUrl”. */
const NAMED = /cowork\.channels\.([a-z]+)\.([A-Za-z]+)/g;

/** The setting that has to be set before the channel can run with what is set now; undefined when all are. */
export function missingSetting(descriptor: ChannelDescriptor, set: unknown): SettingField | undefined {
  const settings = readSettings(descriptor, set);
  const sentence = settings.ok ? descriptor.missing?.(settings.value) : settings.problem;
  const key = keyIn(descriptor, sentence);
  return key === undefined ? undefined : settingField(descriptor, key, set);
}

/**
 * All of them, in the order in which they are asked for. A channel names one at a time, so each is taken for set to hear
 * of the next.
 */
export function missingSettings(descriptor: ChannelDescriptor, set: unknown): readonly SettingField[] {
  const keys = new Set<string>();
  let key = missingSetting(descriptor, set)?.key;
  while (key !== undefined && !keys.has(key)) {
    keys.add(key);
    const known = Object.fromEntries([...keys].map((name) => [name, settingValue(descriptor, name, 'set')]));
    key = keyIn(descriptor, descriptor.missing?.({ ...(isJson(set) ? set : {}), ...known }));
  }
  return [...keys].map((name) => settingField(descriptor, name, set));
}

function keyIn(descriptor: ChannelDescriptor, sentence: string | undefined): string | undefined {
  for (const [, channel, key] of (sentence ?? '').matchAll(NAMED)) if (channel === descriptor.id) return key;
  return undefined;
}

/** @throws RangeError when the channel has no such setting. */
export function settingField(descriptor: ChannelDescriptor, key: string, set: unknown): SettingField {
  const schema = schemaOf(descriptor, key);
  const value = isJson(set) ? set[key] : undefined;
  return {
    key,
    description: schema.description,
    choices: schema.choices,
    list: schema.type === 'list',
    value: Array.isArray(value) ? value.join(', ') : value === undefined ? '' : String(value),
  };
}

/** What a person typed, as the setting wants it. */
export function settingValue(descriptor: ChannelDescriptor, key: string, text: string): unknown {
  const { type } = schemaOf(descriptor, key);
  if (type === 'list') return [...new Set(text.split(/[\s,;]+/).filter((part) => part !== ''))];
  if (type === 'number') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (type === 'switch') return text === 'true';
  return text;
}

/** Undefined when the channel takes this text; else one sentence on what is wrong with it. */
export function settingProblem(
  descriptor: ChannelDescriptor,
  key: string,
  text: string,
  set: unknown,
): string | undefined {
  const next = { ...(isJson(set) ? set : {}), [key]: settingValue(descriptor, key, text) };
  const parsed = descriptor.settings.safeParse(next);
  const issue = parsed.error?.issues.find(({ path }) => path[0] === key);
  if (issue) return `This ${issue.message}.`;
  const missing = missingSetting(descriptor, next);
  return missing?.key === key ? descriptor.missing?.(next) : undefined;
}

/** VS Code hands the manifest over in the language of the editor. */
const manifest = z.object({
  contributes: z.object({
    configuration: z.array(
      z.object({
        properties: z.record(z.string(), z.object({ markdownDescription: z.string().optional() })),
      }),
    ),
  }),
});

/** What a setting is for, as the Settings editor says it; undefined when the manifest has none of that name. */
export function settingDescription(packageJson: unknown, key: string): string | undefined {
  const parsed = manifest.safeParse(packageJson);
  if (!parsed.success) return undefined;
  for (const { properties } of parsed.data.contributes.configuration) {
    const found = properties[`cowork.${key}`]?.markdownDescription;
    if (found !== undefined) return found;
  }
  return undefined;
}

interface Shape {
  readonly type: 'text' | 'list' | 'number' | 'switch';
  readonly choices: readonly string[];
  readonly description: string;
}

/** Read off the schema itself: what writes JSON Schemas is not in this bundle. */
function schemaOf({ name, settings }: ChannelDescriptor, key: string): Shape {
  const { shape } = settings as z.ZodType & { readonly shape?: Readonly<Record<string, z.ZodType>> };
  const field = shape !== undefined && Object.hasOwn(shape, key) ? shape[key] : undefined;
  if (field === undefined) throw new RangeError(`${name} has no setting “${key}”.`);
  const inner = unwrapped(field);
  const description = field.description ?? '';
  if (inner instanceof z.ZodArray) return { type: 'list', choices: [], description };
  if (inner instanceof z.ZodNumber) return { type: 'number', choices: [], description };
  if (inner instanceof z.ZodBoolean) return { type: 'switch', choices: ['true', 'false'], description };
  return { type: 'text', choices: inner instanceof z.ZodEnum ? inner.options.map(String) : [], description };
}

/** What a person types, without defaults and without what is made of it afterwards. */
function unwrapped(field: z.core.$ZodType): z.core.$ZodType {
  if (field instanceof z.ZodDefault || field instanceof z.ZodOptional || field instanceof z.ZodPrefault)
    return unwrapped(field.def.innerType);
  return field instanceof z.ZodPipe ? unwrapped(field.def.in) : field;
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
