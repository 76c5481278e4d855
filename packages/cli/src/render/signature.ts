/** A tool as a TypeScript-like signature. */
import type { Tool } from "@universal-mcp/core/Protocol"
import * as SafeText from "@universal-mcp/core/SafeText"
import * as jsonSchema from "../internal/jsonSchema.ts"
import { displayWidth, excerpt, mostOfOne } from "./text.ts"

/** Such as `echo(message: string, count?: number)`; `paint` is for the name. */
export const signature = (tool: Tool, paint: Paint = plain): SafeText.SafeText => oneLine(partsOf(tool, paint))

/** The same, one parameter a line where it is longer than `width`. */
export const signatureWithin = (tool: Tool, width: number, paint: Paint = plain): SafeText.SafeText => {
  const parts = partsOf(tool, paint)
  const line = oneLine(parts)
  if (displayWidth(line) <= width) return line
  const { answer, name, parameters } = parts
  return SafeText.format`${name}(\n  ${SafeText.join(parameters, SafeText.format`,\n  `)}\n)${answer}`
}

/** Such as `message: string` and `count?: number`, for each property of an object schema. */
export const members = (schema: unknown): ReadonlyArray<SafeText.SafeText> => membersOf(schema, schema, 0, begin())

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

type Paint = (name: SafeText.SafeText) => SafeText.SafeText

const plain: Paint = (name) => name

/** What one signature may still take: with references a small schema describes more than can be read. */
interface Left extends jsonSchema.Left {
  characters: number
}

const begin = (): Left => ({ characters: 20_000, steps: 10_000 })

const partsOf = (tool: Tool, paint: Paint) => {
  const left = begin()
  const { inputSchema, name, outputSchema } = tool
  return {
    name: paint(excerpt(name)),
    parameters: membersOf(inputSchema, inputSchema, 0, left),
    answer: outputSchema === undefined
      ? SafeText.format``
      : SafeText.format`: ${typeText(outputSchema, outputSchema, 0, left)}`
  }
}

const oneLine = ({ answer, name, parameters }: ReturnType<typeof partsOf>): SafeText.SafeText =>
  SafeText.format`${name}(${SafeText.join(parameters, comma)})${answer}`

const comma = SafeText.format`, `

const more = SafeText.format`…`

const unknown = SafeText.format`unknown`

const membersOf = (schema: unknown, root: unknown, depth: number, left: Left): ReadonlyArray<SafeText.SafeText> => {
  const required = new Set(jsonSchema.required(schema))
  const properties = Object.entries(jsonSchema.properties(schema))
  const texts: Array<SafeText.SafeText> = []
  for (const [name, property] of properties) {
    if (isUsedUp(left)) {
      texts.push(more)
      break
    }
    const mark = required.has(name) ? SafeText.format`` : SafeText.format`?`
    const begin = SafeText.format`${spent(excerpt(name), left)}${mark}`
    texts.push(SafeText.format`${begin}: ${typeText(property, root, depth + 1, left)}`)
  }
  // After the members: the first object is shown, however many it has.
  left.steps -= properties.length + required.size
  return texts
}

const typeText = (schema: unknown, root: unknown, depth: number, left: Left): SafeText.SafeText => {
  const schemas = depth > 4 ? undefined : jsonSchema.alternatives(schema, root, left)
  if (schemas === undefined) return spent(unknown, left)
  const texts = new Set<SafeText.SafeText>()
  for (const one of schemas) {
    const values = jsonSchema.listed(one)
    const types = values === undefined ? jsonSchema.typesOf(one) ?? [] : []
    for (const text of values ?? types) {
      if (isUsedUp(left)) return SafeText.join([...texts, more], or)
      texts.add(values === undefined ? namedType(text, one, root, depth, left) : spent(jsonOf(text), left))
    }
  }
  return texts.size === 0 ? spent(unknown, left) : SafeText.join([...texts], or)
}

const or = SafeText.format` | `

const namedType = (
  type: unknown,
  schema: jsonSchema.JsonObject,
  root: unknown,
  depth: number,
  left: Left
): SafeText.SafeText => {
  if (type === "integer") return spent(SafeText.format`number`, left)
  if (type === "array") {
    const items = typeText(schema["items"], root, depth + 1, left)
    return items.includes(" ") ? SafeText.format`Array<${items}>` : SafeText.format`${items}[]`
  }
  if (type !== "object") return spent(excerpt(type), left)
  const inner = membersOf(schema, root, depth, left)
  return inner.length === 0
    ? spent(SafeText.format`object`, left)
    : SafeText.format`{ ${SafeText.join(inner, comma)} }`
}

const jsonOf = (value: unknown): SafeText.SafeText =>
  typeof value === "string" && value.length > mostOfOne ? SafeText.format`"${excerpt(value)}"` : SafeText.json(value)

const isUsedUp = ({ characters, steps }: Left): boolean => characters <= 0 || steps <= 0

const spent = (text: SafeText.SafeText, left: Left): SafeText.SafeText => {
  left.characters -= text.length
  return text
}
