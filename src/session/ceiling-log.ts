import type { Logger } from '../engine/model/ports';

/** ENV-PROD: a log without the lines for finding faults, while the profile does not permit them. */
export class CeilingLog implements Logger {
  private permitted: () => boolean = () => true;

  constructor(private readonly log: Logger) {}

  /** From now on lines of level debug are written only while `permitted` says so. */
  under(permitted: () => boolean): void {
    this.permitted = permitted;
  }

  debug(text: string): void {
    if (this.permitted()) this.log.debug(text);
  }

  info(text: string): void {
    this.log.info(text);
  }

  warn(text: string): void {
    this.log.warn(text);
  }

  error(text: string): void {
    this.log.error(text);
  }
}
