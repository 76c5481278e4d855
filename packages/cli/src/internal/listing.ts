/** The lists of a session; of one that fails half-way, what was read of it too. */
import type { CallError } from "@universal-mcp/core/McpError"
import type { McpSession } from "@universal-mcp/core/McpSession"
import type { Prompt, Resource, ResourceTemplate, Tool } from "@universal-mcp/core/Protocol"
import * as Effect from "effect/Effect"
import { isObject } from "./jsonSchema.ts"

export interface Listing<A> {
  readonly listed: A
  readonly error?: CallError
}

export interface Resources {
  readonly resources: ReadonlyArray<Resource>
  readonly resourceTemplates: ReadonlyArray<ResourceTemplate>
}

type Session = McpSession["Service"]

export const tools = (session: Session): Effect.Effect<Listing<ReadonlyArray<Tool>>> => read(session.listTools, isTool)

export const prompts = (session: Session): Effect.Effect<Listing<ReadonlyArray<Prompt>>> =>
  read(session.listPrompts, isPrompt)

export const resources = (session: Session): Effect.Effect<Listing<Resources>> =>
  Effect.map(
    Effect.all(
      [read(session.listResources, isResource), read(session.listResourceTemplates, isResourceTemplate)],
      { concurrency: "unbounded" }
    ),
    ([resources, templates]) => {
      const error = resources.error ?? templates.error
      const listed = { resources: resources.listed, resourceTemplates: templates.listed }
      return error === undefined ? { listed } : { listed, error }
    }
  )

const read = <A>(
  list: Effect.Effect<ReadonlyArray<A>, CallError>,
  isItem: (item: unknown) => item is A
): Effect.Effect<Listing<ReadonlyArray<A>>> =>
  Effect.match(list, {
    onSuccess: (listed): Listing<ReadonlyArray<A>> => ({ listed }),
    onFailure: (error): Listing<ReadonlyArray<A>> => {
      const { reason } = error
      return { listed: (reason._tag === "InvalidResult" ? reason.partial ?? [] : []).filter(isItem), error }
    }
  })

// As much as core asks of an item.

const isTool = (item: unknown): item is Tool =>
  isObject(item) && typeof item["name"] === "string" && isObject(item["inputSchema"])

const isPrompt = (item: unknown): item is Prompt => isObject(item) && typeof item["name"] === "string"

const isResource = (item: unknown): item is Resource => isObject(item) && typeof item["uri"] === "string"

const isResourceTemplate = (item: unknown): item is ResourceTemplate =>
  isObject(item) && typeof item["uriTemplate"] === "string"
