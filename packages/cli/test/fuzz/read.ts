/** Reads values as a program would that uses them. */

/** Every key of everything in a value, however deep. */
export const readAll = (value: unknown): void => {
  const rest: Array<unknown> = [value]
  const seen = new Set<unknown>()
  while (rest.length > 0) {
    const one = rest.pop()
    if (typeof one !== "object" || one === null || seen.has(one)) continue
    seen.add(one)
    for (const key of Object.keys(one)) rest.push(Reflect.get(one, key))
  }
}

/** What a program does with an error: prints it, logs it, and sends it on as JSON. */
export const readError = (error: { readonly message: string }): void => {
  readAll(error)
  for (const text of [error.message, String(error), JSON.stringify(error, withoutBigInt)]) {
    if (typeof text !== "string") throw new Error("an error has no text")
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** Who asks for `exactNumbers` knows that JSON has none of them. */
const withoutBigInt = (_: string, value: unknown) => typeof value === "bigint" ? String(value) : value
