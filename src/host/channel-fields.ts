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
  if (sentence === undefined) return undefined;
  for (const [, channel, key] of sentence.matchAll(NAMED))
    if (channel === descriptor.id && key !== undefined) return settingField(descriptor, key, set);
  return undefined;
}

/** @throws RangeError when the channel has no such setting. */
export function settingField(descriptor: ChannelDescriptor, key: string, set: unknown): SettingField {
  const schema = schemaOf(descriptor, key);
  const value = isJson(set) ? set[key] : undefined;
  const choices = Array.isArray(schema.enum) ? schema.enum.map(String) : [];
  return {
    key,
    description: String(schema.description ?? ''),
    choices,
    list: schema.type === 'array',
    value: Array.isArray(value) ? value.join(', ') : value === undefined ? '' : String(value),
  };
}

/** What a person typed, as the setting wants it. */
export function settingValue(descriptor: ChannelDescriptor, key: string, text: string): unknown {
  const { type } = schemaOf(descriptor, key);
  if (type === 'array') return [...new Set(text.split(/[\s,;]+/).filter((part) => part !== ''))];
  if (type === 'number' || type === 'integer') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (type === 'boolean') return text === 'true';
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

function schemaOf(descriptor: ChannelDescriptor, key: string): Json {
  const { properties = {} } = z.toJSONSchema(descriptor.settings, { io: 'input', unrepresentable: 'any' });
  const found = Object.hasOwn(properties, key) ? properties[key] : undefined;
  if (typeof found !== 'object') throw new RangeError(`${descriptor.name} has no setting “${key}”.`);
  return found as Json;
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
