import type { FieldValue } from "@universal-mcp/core/Elicitation"
import * as SafeText from "@universal-mcp/core/SafeText"
import * as Result from "effect/Result"
import { displayWidth, truncate } from "../render/text.ts"
import type { Field } from "./form.ts"
import * as prompts from "./prompts.ts"

/** Who asks, as it stands in front of every prompt; it leaves room for the prompt itself. */
export const askerOf = (server: string, width: number): SafeText.SafeText =>
  SafeText.format`[${truncate(SafeText.line(server), Math.max(8, Math.floor(width / 4)))}]`

/** What `asker` asks, in one line. */
export const message = (asker: SafeText.SafeText, question: SafeText.SafeText, width: number): SafeText.SafeText =>
  SafeText.format`${asker} ${truncate(question, Math.max(8, Math.floor(width * 2 / 3) - displayWidth(asker)))}`

/** What is asked for a field, in one line with room for its choices or what is typed. */
export const questionOf = (field: Field, asker: SafeText.SafeText, width: number): SafeText.SafeText => {
  const question = message(asker, field.label, width - (field.required ? 0 : displayWidth(optional)))
  return field.required ? question : SafeText.format`${question}${optional}`
}

/** The prompt of a field on a terminal of that size; no value where one that is not required is left out. */
export const prompt = (
  field: Field,
  asker: SafeText.SafeText,
  { rows, width }: { readonly rows: number; readonly width: number }
): prompts.Prompt<FieldValue | undefined> => {
  // The line with the name of the asker stays in sight.
  const maxPerPage = Math.max(1, Math.min(10, rows - 3))
  // What wraps around cannot be redrawn reliably.
  const short = (text: SafeText.SafeText) => truncate(text, width - 6)
  const asked = questionOf(field, asker, width)
  switch (field._tag) {
    case "Text": {
      const initial = field.initial === undefined ? undefined : String(field.initial)
      const shown = SafeText.line(initial)
      const read = (typed: string): Result.Result<FieldValue | undefined, string> => {
        // What is shown of the default stands for the default itself.
        const text = initial !== undefined && typed === shown ? initial : typed
        return text !== "" ? field.read(text) : field.required ? emptyOf(field) : Result.succeed(undefined)
      }
      const input = prompts.text({
        message: asked,
        ...(initial === undefined ? {} : { default: shown }),
        check: (text) => Result.mapError(read(text), (issue) => short(SafeText.line(issue)))
      })
      return prompts.map(input, (text) => Result.getOrUndefined(read(text)))
    }
    case "One": {
      const choices = field.choices.map(({ title, value }) => ({ title: short(title), value }))
      const none = field.nullable ? [{ title: SafeText.format`(none)`, value: null }] : []
      const all = [
        ...choices,
        ...none,
        ...field.required ? [] : [{ title: SafeText.format`(leave out)`, value: undefined }]
      ]
      const initial = all.findIndex(({ value }) => value === field.initial)
      return prompts.select<FieldValue | undefined>({
        message: asked,
        maxPerPage,
        choices: all.map((choice, index) => ({ ...choice, selected: index === Math.max(initial, 0) }))
      })
    }
    case "Several": {
      const initial: ReadonlyArray<unknown> = Array.isArray(field.initial) ? field.initial : []
      const several = prompts.multiSelect({
        message: asked,
        maxPerPage,
        choices: field.choices.map(({ title, value }) => ({
          title: short(title),
          value,
          selected: initial.includes(value)
        })),
        ...(field.min === undefined || !field.required ? {} : { min: field.min }),
        ...(field.max === undefined ? {} : { max: field.max })
      })
      const enough: prompts.Prompt<FieldValue | undefined> = prompts.flatMap(several, (values) => {
        if (values.length > 0 && values.length < (field.min ?? 0)) return enough
        // Nothing chosen is an answer of its own where it is allowed and there is a default that it replaces.
        const isLeftOut = values.length === 0 && !field.required &&
          (field.initial === undefined || (field.min ?? 0) > 0)
        return prompts.succeed(isLeftOut ? undefined : values)
      })
      return enough
    }
  }
}

const optional = SafeText.format` (optional)`

/** Nothing is an answer of its own where the server says so. */
const emptyOf = ({ nullable }: Field): Result.Result<null, string> =>
  nullable ? Result.succeed(null) : Result.fail("is required")
