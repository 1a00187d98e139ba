/**
 * Why no pattern may answer for a line of cmd.exe: it has something besides commands, words and pipes. Loops,
 * conditions, variables and escapes are analysed as far as that goes, and then asked about.
 */
export function whyNotPlainCmd(line: string): string | undefined {
  const odd = /[%!^()\r\n]/.exec(line)?.[0];
  if (odd !== undefined) return `it has more than commands, words and pipes: ${JSON.stringify(odd)}`;
  if ((line.split('"').length - 1) % 2 === 1) return 'a quotation mark is not closed';
  if (
    /(?:^|[&|]\s*)@?(?:for|if|call|start|cmd|set|setlocal|goto|rem|pushd|powershell|pwsh)\b/i.test(
      line.trim(),
    )
  )
    return 'it runs or sets what its arguments say';
  return undefined;
}
