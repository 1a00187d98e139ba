/**
 * Milliseconds that a step of a test may take before it counts as failed. A step takes well under a second on an
 * idle machine; this only decides how overloaded a machine may be before tests fail for its sake.
 */
export const stepMs = 60_000;
