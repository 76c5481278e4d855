/** What `McpSession` offers of a session. What most sessions never use is made when it is: thousands may just wait. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { McpSession, Options, ServerDescription } from "../McpSession.ts"
import * as Changes from "./changes.ts"
import * as Listen from "./listen.ts"
import type { Negotiated } from "./negotiation.ts"
import * as Prompts from "./prompts.ts"
import * as Requests from "./requests.ts"
import * as Resources from "./resources.ts"
import type { Session } from "./session.ts"
import * as Tasks from "./tasks.ts"
import { Tools } from "./tools.ts"

/** A class, so that sessions share its getters. */
export class Service implements Contract {
  readonly name: string
  readonly transport: string
  readonly callTool: Contract["callTool"]
  readonly #session: Session
  readonly #tools: Tools
  #listen: Listen.Listen | undefined
  #resources: Resources.Resources | undefined
  #changes: Changes.Changes | undefined
  #prompts: Prompts.Prompts | undefined
  #requests: Requests.Requests | undefined

  constructor(session: Session, { name, transport }: Options) {
    this.name = name
    this.transport = transport
    this.#session = session
    this.#tools = new Tools(session)
    this.callTool = this.#tools.callTool
  }

  get server(): Contract["server"] {
    return describe(this.name, this.#session.negotiated)
  }

  get state(): Contract["state"] {
    const { state } = this.#session
    return {
      current: Effect.sync(state.current),
      changes: Stream.takeUntil(state.changes, ({ _tag }) => _tag === "Failed" || _tag === "Closed")
    }
  }

  get listTools(): Contract["listTools"] {
    return this.#tools.listTools
  }

  get callToolOrFail(): Contract["callToolOrFail"] {
    return this.#tools.callToolOrFail
  }

  get callToolStream(): Contract["callToolStream"] {
    return this.#tools.callToolStream
  }

  get listResources(): Contract["listResources"] {
    return this.resources.listResources
  }

  get listResourceTemplates(): Contract["listResourceTemplates"] {
    return this.resources.listResourceTemplates
  }

  get readResource(): Contract["readResource"] {
    return this.resources.readResource
  }

  get subscribe(): Contract["subscribe"] {
    return this.resources.subscribe
  }

  get listPrompts(): Contract["listPrompts"] {
    return this.prompts.listPrompts
  }

  get getPrompt(): Contract["getPrompt"] {
    return this.prompts.getPrompt
  }

  get changes(): Contract["changes"] {
    this.#changes ??= Changes.make(this.#session, this.listen)
    return this.#changes.changes
  }

  get complete(): Contract["complete"] {
    return this.requests.complete
  }

  get setLogLevel(): Contract["setLogLevel"] {
    return this.requests.setLogLevel
  }

  get ping(): Contract["ping"] {
    return this.requests.ping
  }

  get request(): Contract["request"] {
    return this.requests.request
  }

  get tasks(): Contract["tasks"] {
    return Tasks.make(this.#session)
  }

  get notifications(): Contract["notifications"] {
    return this.#session.audience.notifications
  }

  get warnings(): Contract["warnings"] {
    return this.#session.audience.warnings
  }

  get stderr(): Contract["stderr"] {
    return this.#session.audience.stderr
  }

  private get listen() {
    return this.#listen ??= Listen.make(this.#session)
  }

  private get resources() {
    return this.#resources ??= Resources.make(this.#session, this.listen)
  }

  private get prompts() {
    return this.#prompts ??= Prompts.make(this.#session)
  }

  private get requests() {
    return this.#requests ??= Requests.make(this.#session)
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

type Contract = McpSession["Service"]

const describe = (
  name: string,
  { capabilities, era, instructions, protocolVersion, serverInfo }: Negotiated
): ServerDescription => ({
  name: typeof serverInfo["name"] === "string" ? serverInfo["name"] : name,
  version: typeof serverInfo["version"] === "string" ? serverInfo["version"] : "",
  ...(typeof serverInfo["title"] === "string" ? { title: serverInfo["title"] } : {}),
  instructions,
  capabilities,
  protocolVersion,
  era
})
