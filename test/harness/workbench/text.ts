/** Matches a whole text and nothing around it but blanks; highlighted parts of a label do not matter to it. */
export function exactly(text: string): RegExp {
  return new RegExp(`^\\s*${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\s*$`);
}
