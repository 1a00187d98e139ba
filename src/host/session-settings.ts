import * as z from 'zod';
import type { WebhookSettings } from '../channels/webhook/server';
import type { AccessConfig } from '../engine/access/config';
import { isHostPattern } from '../engine/egress/destination';
import { TOOL_GROUPS } from '../engine/model/decision';
import { ROLES } from '../engine/model/identity';
import { CAPABILITIES } from '../engine/policy/tool-groups';
import type { SandboxId } from '../engine/sandbox/backend';
import type { ContainerSettings } from '../engine/sandbox/container-argv';
import type { SessionSettings } from '../session/ports';
import type { Settings } from './settings';

const seconds = z.number().int().min(1);

/** No option of the container's program: it stands where an image or a program is expected. */
const word = z.string().regex(/^[^\s-]\S*$/, 'must be one word that does not begin with a dash');

const hosts = z.array(
  z.string().refine(isHostPattern, 'must be a host such as api.example.com, *.example.com or localhost:3000'),
);
const publicUrl = z.union([
  z.literal(''),
  z.string().refine((text) => URL.canParse(text) && new URL(text).protocol === 'https:', {
    error: 'must be an address that begins with https://',
  }),
]);

const placeRule = z.strictObject({
  deniedToolGroups: z.array(z.enum(TOOL_GROUPS)).optional(),
  requiredRole: z.enum(ROLES).optional(),
  mentionRequired: z.boolean().optional(),
});

/** By id of the channel. */
const accessRules = z.record(
  z.string(),
  z.strictObject({
    contexts: z.strictObject({ dm: placeRule, group: placeRule, public: placeRule }).partial().optional(),
    conversations: z.record(z.string(), placeRule.extend({ disabled: z.boolean().optional() })).optional(),
  }),
);

/** The engine's settings out of VS Code's. Unchecked parts are checked by the engine, which says what is wrong. */
export class VsCodeSessionSettings implements SessionSettings {
  constructor(
    private readonly settings: Settings,
    /** Ids of all channels, for what is set per channel. */
    private readonly channels: readonly string[],
  ) {}

  policy(): unknown {
    const raw = (key: string) => this.settings.get(key, z.unknown());
    return {
      profile: raw('profile'),
      mode: raw('mode'),
      trusted: raw('trustedPatterns'),
      defaultTrusted: raw('defaultTrustedPatterns'),
      budgets: raw('budgets'),
      limits: raw('limits'),
      allowedPaths: raw('allowedPaths'),
      protectedPaths: { exceptions: raw('protectedPaths.exceptions') },
      capabilities: Object.fromEntries(CAPABILITIES.map((name) => [name, raw(`capabilities.${name}`)])),
    };
  }

  access(): AccessConfig {
    const codeTtlMs = this.settings.get('pairing.codeSeconds', seconds) * 1000;
    const rules = this.settings.get('access.rules', accessRules);
    return { channels: Object.fromEntries(this.channels.map((id) => [id, { ...rules[id], codeTtlMs }])) };
  }

  channel(id: string): unknown {
    return this.settings.get(`channels.${id}`, z.unknown());
  }

  webhook(): WebhookSettings {
    return {
      port: this.settings.get('webhook.port', z.number().int().min(0).max(65_535)),
      publicUrl: this.settings.get('webhook.publicUrl', publicUrl),
      sourceHeader: this.settings.get('webhook.sourceHeader', z.string().regex(/^[A-Za-z0-9-]{0,60}$/)),
    };
  }

  sandbox(): 'auto' | SandboxId {
    return this.settings.get(
      'sandbox.backend',
      z.enum(['auto', 'bubblewrap', 'container', 'sandbox-exec', 'process']),
    );
  }

  container(): ContainerSettings {
    const get = <T>(name: string, schema: z.ZodType<T>) =>
      this.settings.get(`sandbox.container.${name}`, schema);
    return {
      cli: get('path', z.string().regex(/^[^\s-]/, 'must be the name or the path of a program')),
      image: get('image', word),
      cpus: get('cpus', z.number().min(0.1).max(64)),
      memoryBytes:
        get(
          'memoryMb',
          z
            .number()
            .int()
            .min(64)
            .max(1024 ** 2),
        ) *
        1024 ** 2,
      pids: get('pids', z.number().int().min(16).max(65_536)),
      network: get(
        'network',
        z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'must be the name of a network'),
      ),
    };
  }

  allowedHosts(): readonly string[] {
    return this.settings.get('network.allowedDomains', hosts);
  }

  environment(): readonly string[] {
    return this.settings.get('environment.allow', z.array(z.string()));
  }

  approvalTtlMs(): number {
    return this.settings.get('approvals.expirySeconds', seconds) * 1000;
  }

  rotateAfterDays(): number {
    return this.settings.get('credentials.rotateAfterDays', z.number().int().min(1));
  }

  maintenance() {
    const days = z.number().int().min(1);
    return {
      staleUserDays: this.settings.get('maintenance.staleUserDays', days),
      reviewDays: this.settings.get('maintenance.reviewDays', days),
    };
  }

  updates() {
    return {
      url: this.settings.get('updates.url', z.string()).trim(),
      publicKey: this.settings.get('updates.publicKey', z.string()).trim(),
    };
  }

  onChange(listener: (changed: (key: string) => boolean) => void) {
    return this.settings.onChange(listener);
  }
}
