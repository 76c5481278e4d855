/** What ES2026 adds to `JSON`, and TypeScript does not declare yet. */
interface JSON {
  /** A value that `stringify` writes as this text, which is JSON of a number, text, boolean or null. */
  rawJSON(text: string): object
  isRawJSON(value: unknown): value is { readonly rawJSON: string }
  parse<A>(
    text: string,
    reviver: (this: object, key: string, value: unknown, context: { readonly source?: string }) => unknown
  ): A
}
