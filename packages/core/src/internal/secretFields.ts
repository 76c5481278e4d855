/** Which fields of a form ask for a secret, as far as their words tell. */
import type { FieldSchema, FormSchema } from "../Elicitation.ts"
import * as secretWords from "./secretWords.ts"

/** Where only the message speaks of a secret, every field that could take it. */
export const secretFields = (message: string, schema: FormSchema): ReadonlyArray<string> => {
  const fields = Object.entries(schema.properties).flatMap(([name, field]) => {
    const pattern = patternFor(field)
    return pattern === undefined ? [] : [{ name, pattern, texts: textsOf(name, field) }]
  })
  const named = fields.filter(({ pattern, texts }) => texts.some((text) => speaksOf(pattern, text)))
  const suspected = named.length > 0 ? named : fields.filter(({ pattern }) => speaksOf(pattern, message))
  return suspected.map(({ name }) => name)
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** None for a field whose answers are all written in the form. */
const patternFor = (field: FieldSchema): RegExp | undefined => {
  if (field.type === "boolean" || "enum" in field || "oneOf" in field) return undefined
  if (field.type === "array") return "enum" in field.items || "anyOf" in field.items ? undefined : secretWords.inText
  return field.type === "integer" || field.type === "number" ? secretWords.inTextOfNumber : secretWords.inText
}

const textsOf = (name: string, field: FieldSchema): ReadonlyArray<string> =>
  [name, field.title, field.description, "format" in field ? field.format : undefined, field.default]
    .filter((text) => typeof text === "string")

/** What is read of a text. */
const longest = 4000

const speaksOf = (pattern: RegExp, text: string): boolean => pattern.test(plain(text.slice(0, longest)))

/** `githubPassWord`, `API_KEY`, `password2` and letters in other forms, in words of small letters. */
const plain = (text: string): string =>
  text.normalize("NFKD")
    .replaceAll(/[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}]+/gu, "")
    .replaceAll(/(\p{Ll})(?=\p{Lu})/gu, "$1 ")
    .replaceAll(/(\p{L}{3})(?=\p{N}+(?!\p{N}|\p{L}))/gu, "$1 ")
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .toLowerCase()
