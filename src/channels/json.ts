/** The bytes as JSON; undefined when there are none, or they are none. What is no UTF-8 is read as far as it goes. */
export function jsonFrom(bytes: Uint8Array | undefined): unknown {
  return bytes === undefined ? undefined : parsed(() => Buffer.from(bytes).toString('utf8'));
}

/** The same of what a stranger sent: bytes that are no UTF-8 are no JSON. */
export function strictJsonFrom(bytes: Uint8Array): unknown {
  return parsed(() => new TextDecoder('utf-8', { fatal: true }).decode(bytes));
}

function parsed(text: () => string): unknown {
  try {
    return JSON.parse(text());
  } catch {
    return undefined;
  }
}
