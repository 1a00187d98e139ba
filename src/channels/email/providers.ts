/** A mail provider that many use, and what it wants programs to log in with. */
interface Provider {
  readonly name: string;
  /** Its servers, and every name below them. */
  readonly servers: readonly string[];
  /** Where access tokens are renewed. */
  readonly tokenUrl?: string;
  /** What an app password looks like there; absent when there are none, or when it looks like any other. */
  readonly appPassword?: RegExp;
  readonly advice: string;
}

/** From the providers' own help pages, which docs/channels/email.md links. */
const PROVIDERS: readonly Provider[] = [
  {
    name: 'Gmail',
    servers: ['gmail.com', 'googlemail.com'],
    tokenUrl: 'https://oauth2.googleapis.com/token',
    // https://support.google.com/accounts/answer/185833: 16 letters, shown in groups of four.
    appPassword: /^[a-z]{4} ?[a-z]{4} ?[a-z]{4} ?[a-z]{4}$/,
    advice:
      'Make an app password (Google Account, Security, 2-Step Verification, App passwords), or use OAuth2',
  },
  {
    name: 'Microsoft 365 and Outlook.com',
    servers: ['office365.com', 'outlook.com', 'hotmail.com', 'live.com'],
    tokenUrl: 'https://login.microsoftonline.com/common/oauth2/v2.0/token',
    advice: 'Use OAuth2: Microsoft no longer takes passwords for IMAP',
  },
  {
    name: 'iCloud',
    servers: ['mail.me.com'],
    // https://support.apple.com/102654
    appPassword: /^[a-z]{4}-[a-z]{4}-[a-z]{4}-[a-z]{4}$/,
    advice: 'Make an app-specific password at account.apple.com',
  },
  {
    name: 'Yahoo',
    servers: ['yahoo.com', 'aol.com'],
    appPassword: /^[a-z]{4} ?[a-z]{4} ?[a-z]{4} ?[a-z]{4}$/,
    advice: 'Make an app password (Account security, Generate app password)',
  },
  {
    name: 'Fastmail',
    servers: ['fastmail.com', 'messagingengine.com'],
    appPassword: /^[a-z0-9]{4}(?: ?[a-z0-9]{4}){3}$/,
    advice: 'Make an app password for IMAP and SMTP only (Settings, Privacy & Security)',
  },
];

export function providerOf(host: string): Provider | undefined {
  const name = host.toLowerCase();
  return PROVIDERS.find(({ servers }) =>
    servers.some((server) => name === server || name.endsWith(`.${server}`)),
  );
}

/** True for a password that only this program has, false for what looks like the main one, undefined when unknown. */
export function isAppPassword(host: string, password: string): boolean | undefined {
  const provider = providerOf(host);
  if (!provider) return undefined;
  return provider.appPassword ? provider.appPassword.test(password) : false;
}

/** App passwords are shown in groups; the spaces are not part of them. */
export function asTyped(host: string, password: string): string {
  return isAppPassword(host, password) ? password.replaceAll(' ', '') : password;
}
