import * as z from 'zod';
import type { AccessConfig } from '../engine/access/config';
import { CAPABILITIES } from '../engine/policy/tool-groups';
import type { SandboxId } from '../engine/sandbox/backend';
import type { SessionSettings } from '../session/ports';
import type { Settings } from './settings';

const seconds = z.number().int().min(1);

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
      capabilities: Object.fromEntries(CAPABILITIES.map((name) => [name, raw(`capabilities.${name}`)])),
    };
  }

  access(): AccessConfig {
    const codeTtlMs = this.settings.get('pairing.codeSeconds', seconds) * 1000;
    return { channels: Object.fromEntries(this.channels.map((id) => [id, { codeTtlMs }])) };
  }

  channel(id: string): unknown {
    return this.settings.get(`channels.${id}`, z.unknown());
  }

  sandbox(): 'auto' | SandboxId {
    return this.settings.get(
      'sandbox.backend',
      z.enum(['auto', 'bubblewrap', 'container', 'sandbox-exec', 'process']),
    );
  }

  environment(): readonly string[] {
    return this.settings.get('environment.allow', z.array(z.string()));
  }

  approvalTtlMs(): number {
    return this.settings.get('approvals.expirySeconds', seconds) * 1000;
  }

  onChange(listener: (changed: (key: string) => boolean) => void) {
    return this.settings.onChange(listener);
  }
}
