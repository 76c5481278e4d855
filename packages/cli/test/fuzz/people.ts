/** Who answers what servers ask, and reads all of it. */
import * as Elicitation from "@universal-mcp/core/Elicitation"
import * as Roots from "@universal-mcp/core/Roots"
import * as Sampling from "@universal-mcp/core/Sampling"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { readAll } from "./read.ts"

/** Accepts with the defaults what is filled in by them, else declines or cancels. */
const elicitation = Layer.succeed(Elicitation.Elicitation, {
  modes: ["form", "url"],
  elicit: (request) =>
    Effect.sync((): Elicitation.ElicitationResult => {
      readAll(request)
      if (request._tag === "Url") return { action: request.message.length % 2 === 0 ? "accept" : "decline" }
      const { requestedSchema: form } = request
      const fields = Object.entries(form.properties)
      for (const [, field] of fields) {
        for (const value of ["x", 1, true, null, ["a"], {}, 10n ** 20n]) Elicitation.fieldIssue(field, value)
      }
      if (fields.length > 20) return { action: "cancel" }
      const content = Elicitation.withDefaults(form, { name: "Ada" })
      readAll(Elicitation.formIssues(form, content))
      return { action: "accept", content }
    })
})

const sampling = Layer.succeed(Sampling.Sampling, {
  tools: true,
  createMessage: (request) =>
    Effect.suspend(() => {
      readAll(request)
      return request.maxTokens > 50
        ? Effect.succeed({
          model: "small",
          role: "assistant" as const,
          content: { type: "text" as const, text: "hello" }
        })
        : Effect.fail(new Sampling.SamplingRejected({}))
    })
})

const roots = Layer.succeed(Roots.Roots, {
  list: Effect.succeed([{ uri: "file:///srv/work", name: "work" }]),
  changes: Stream.empty
})

export const layer = Layer.mergeAll(elicitation, sampling, roots)
