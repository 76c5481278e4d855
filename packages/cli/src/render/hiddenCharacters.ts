/** Which characters of a tool a model gets and a person does not see. */
import type { Tool } from "@universal-mcp/core/Protocol"
import * as SafeText from "@universal-mcp/core/SafeText"

/** Such as `hidden characters in the name, description: \u200b`; nothing where there are none. */
export const hiddenCharacters = (tool: Tool): SafeText.SafeText | undefined => {
  const found = parts.flatMap(({ of, what }) => {
    const escapes = SafeText.hidden(textsOf(of(tool)).join(" "))
    return escapes.length === 0 ? [] : [{ what, escapes }]
  })
  if (found.length === 0) return undefined
  const escapes = [...new Set(found.flatMap((part) => part.escapes))]
  const where = SafeText.join(found.map(({ what }) => what), SafeText.format`, `)
  const more = escapes.length > most ? SafeText.format` and ${escapes.length - most} more` : SafeText.format``
  return SafeText.format`hidden characters in the ${where}: ${SafeText.line(escapes.slice(0, most).join(" "))}${more}`
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const most = 10

const parts: ReadonlyArray<{ readonly what: SafeText.SafeText; readonly of: (tool: Tool) => unknown }> = [
  { what: SafeText.format`name`, of: ({ name }) => name },
  { what: SafeText.format`title`, of: ({ title }) => title },
  { what: SafeText.format`description`, of: ({ description }) => description },
  { what: SafeText.format`input schema`, of: ({ inputSchema }) => inputSchema },
  { what: SafeText.format`output schema`, of: ({ outputSchema }) => outputSchema },
  { what: SafeText.format`annotations`, of: ({ annotations }) => annotations }
]

/** All texts in a JSON value, the names of members too. */
const textsOf = (value: unknown): ReadonlyArray<string> => {
  const texts: Array<string> = []
  const open = [value]
  while (open.length > 0) {
    const one = open.pop()
    if (typeof one === "string") texts.push(one)
    else if (typeof one === "object" && one !== null) {
      for (const [name, inner] of Object.entries(one)) {
        if (!Array.isArray(one)) texts.push(name)
        open.push(inner)
      }
    }
  }
  return texts
}
