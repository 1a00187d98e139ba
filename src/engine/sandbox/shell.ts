import type { Shell } from '../model/analysis';

/**
 * The argv that has a shell read `line`. The line travels as one argument of its own: nothing is quoted into
 * it and no other text is joined to it. No start-up files are read, so a line means what it says.
 */
export function shellArgv(line: string, shell: Shell): string[] {
  switch (shell) {
    case 'bash':
      return ['/bin/bash', '--noprofile', '--norc', '-c', line];
    case 'powershell': {
      // Base64 of UTF-16LE: the only form that no layer of Windows quoting can change.
      const encoded = Buffer.from(line, 'utf16le').toString('base64');
      return ['powershell.exe', '-NoLogo', '-NoProfile', '-NonInteractive', '-EncodedCommand', encoded];
    }
    case 'cmd':
      return ['cmd.exe', '/d', '/s', '/c', line];
  }
}

/** The shell that `run` uses on a platform. */
export function defaultShell(platform: NodeJS.Platform): Shell {
  return platform === 'win32' ? 'powershell' : 'bash';
}
