/** Runs code of the app. What it throws is told, and goes no further: a client must not stop half-way for it. */
export function fenced<Result>(run: () => Result, failed: (error: unknown) => void): Result | undefined {
  try {
    return run();
  } catch (error) {
    failed(error);
    return undefined;
  }
}
