/**
 * How much of a command line is looked at. Past a limit the answer is `too-long`, whose least effect is *ask*;
 * nothing is ever cut and then believed.
 */
export const LIMITS = {
  /** UTF-16 units of a line. A person cannot read more than this on an approval card. */
  line: 8_192,
  /** UTF-16 units of a longer line that are still searched for something catastrophic, at each end. */
  peek: 2_048,
  /** Nesting of brackets, substitutions and quotes, counted before any parser sees the line. */
  nesting: 60,
  /** Wrappers and scripts inside scripts: `sh -c "env nice sh -c …"`. */
  depth: 12,
  /** Simple commands on one line, after unwrapping and unrolling. */
  commands: 400,
  /** Words of one command. */
  words: 800,
  /** UTF-16 units of one command's arguments that the patterns of the catalogue look at. */
  arguments: 4_096,
  /** Here-documents on one line. */
  hereDocuments: 24,
  /** Words that one word may become by brace expansion or splitting. */
  fields: 256,
  /** Rounds of a `for` over a static list that are followed; more are followed once, with an unknown value. */
  rounds: 24,
  /** UTF-16 units of a text that is followed through a pipe, a variable or a file. */
  text: 8_192,
} as const;

/** Thrown inside an analysis when a limit is passed; `analyse` turns it into a status. */
export class LimitError extends Error {}
