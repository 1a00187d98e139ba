/**
 * Why no pattern may answer for a line of PowerShell: it has something besides commands, words and pipes. Blocks,
 * brackets, variables, redirections and operators are analysed as far as that goes, and then asked about.
 */
export function whyNotPlainPowershell(line: string): string | undefined {
  // Both kinds in one pass, since a mark within one text opens no other; one that opens none is odd.
  const bare = line.replace(/'(?:[^']|'')*'|"[^"$`]*"/g, '_');
  const odd = /[$@(){}[\]&<>`%?#^!'"\r\n]/.exec(bare)?.[0];
  if (odd !== undefined) return `it has more than commands, words and pipes: ${JSON.stringify(odd)}`;
  if (/(?:^|\s|['"])(?:env|variable|function|alias|hk\w{2}|cert|wsman|registry):/i.test(line))
    return 'it looks into a drive that holds no files';
  if (/(?:^|\s)-(?:computer\w*|cn|online|session|cimsession|hostname)\b/i.test(line))
    return 'it reaches another machine';
  return undefined;
}
