/** JSON text of values that JSON.stringify cannot write: numbers such as 1e999, deep nesting, a key that comes twice. */

/** Stands for JSON text, as it is. */
export class Raw {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Behind a key: the key comes a second time. */
export const twin = "\uf8fftwin"

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Raw)

/** `indent`: over several lines. */
export const stringify = (value: unknown, indent?: number): string => {
  const raws: Array<string> = []
  const text = JSON.stringify(
    value,
    (_, item: unknown) => item instanceof Raw ? `\uf8ff${raws.push(item.text) - 1}\uf8ff` : item,
    indent
  ) ?? "null"
  return text.replaceAll(twin, "").replace(/"\uf8ff(\d+)\uf8ff"/g, (_, index) => raws[Number(index)] ?? "null")
}

/** For a report: the beginning, and how long it is. */
export const excerpt = (text: string, length = 300): string =>
  text.length <= length ? text : `${text.slice(0, length)}… (${text.length} characters)`
