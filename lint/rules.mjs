/** House rules that oxlint has no rule for. `.oxlintrc.json` says where each applies. */
import { dirname, resolve } from "node:path"

/** What the sources of a package must not import, by package. The direction is `cli -> transports -> core`. */
const forbidden = {
  core: /^(node:|cross-spawn$|@effect\/platform-node|@universal-mcp\/)/,
  transports: /^(node:|cross-spawn$|@effect\/platform-node|@universal-mcp\/(?!core\/))/,
  cli: /^@universal-mcp\/(?!core\/|transports\/)/
}

/** The files that may tie the transports to one platform. */
const exceptions = {
  "packages/transports/src/NodeStdioTransport.ts": /^@effect\/platform-node/,
  "packages/transports/src/NodeTransports.ts": /^@effect\/platform-node/,
  "packages/transports/src/NoProxy.ts": /^node:/,
  "packages/transports/src/internal/nodeCertificates.ts": /^node:/,
  "packages/transports/src/internal/nodeHttp.ts": /^(node:|@effect\/platform-node)/,
  "packages/transports/src/internal/nodePipes.ts": /^node:/,
  "packages/transports/src/internal/windows.ts": /^(node:|cross-spawn$)/
}

const packageOf = (path) => /\/packages\/([^/]+)\//.exec(path)?.[1]

const problemOf = (filename, source) => {
  const name = packageOf(filename)
  if (source.startsWith(".")) {
    const target = packageOf(resolve(dirname(filename), source) + "/")
    return target !== undefined && target !== name
      ? `import "@universal-mcp/${target}/…": no relative path leads into another package`
      : undefined
  }
  if (name === undefined || !filename.includes(`/packages/${name}/src/`)) return undefined
  if (source === "effect") return "import the module itself: `import * as Effect from \"effect/Effect\"`"
  const [, allowed] = Object.entries(exceptions).find(([file]) => filename.endsWith(file)) ?? []
  return forbidden[name]?.test(source) && !allowed?.test(source)
    ? `packages/${name} must not import "${source}": imports go cli -> transports -> core, and the platform comes as services`
    : undefined
}

const imports = {
  create(context) {
    const filename = context.filename.replaceAll("\\", "/")
    const check = (node) => {
      const source = node.source
      if (source?.type !== "Literal" || typeof source.value !== "string") return
      const message = problemOf(filename, source.value)
      if (message !== undefined) context.report({ node: source, message })
    }
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      TSImportType: check
    }
  }
}

const isRun = (name) => /^run($|[A-Z])/.test(name ?? "")

const noRun = {
  create(context) {
    const message =
      "effects are run in main.ts and in tests only; inside, take what runs them from the caller's scope (FiberSet.makeRuntime)"
    return {
      MemberExpression(node) {
        if (node.object.name === "Effect" && isRun(node.property.name)) context.report({ node, message })
      },
      ImportSpecifier(node) {
        if (node.parent.source.value === "effect/Effect" && isRun(node.imported.name)) context.report({ node, message })
      }
    }
  }
}

/** The one module of the cli that writes to stdout and stderr. */
const sink = "packages/cli/src/internal/sink.ts"

/** What leads to the terminal, or calls a string safe text, and the files in `packages/cli/src` that may import it. */
const guarded = [
  { sources: /^effect\/(Console|Brand)$/, files: [] },
  { sources: /^effect\/Logger$/, files: ["Cli"] },
  {
    sources: /^effect\/Terminal$/,
    files: ["Elicitation", "internal/keyboard", "internal/prompts", "internal/terminal", "render/Screen"]
  },
  { sources: /^effect\/cli\/Prompt$/, files: ["internal/prompts"] },
  // What cuts safe text, the help with Effect's colours, and what Effect's prompts draw.
  {
    sources: /\/UnsafeText(\.\w+)?$/,
    files: ["Cli", "internal/prompts", "render/quote", "render/text"]
  },
  {
    sources: /^@effect\/platform-node\/Node(Console|Runtime|Services|Sink|Stdio|Stream|Terminal)$/,
    files: ["main", "internal/terminal"]
  },
  { sources: /^(node:)?(child_process|cluster|console|fs|fs\/promises|tty|worker_threads)$/, files: ["bin"] },
  { sources: /^(node:)?process$/, files: ["internal/demoServers"] }
]

const mayImport = (filename, source) =>
  guarded.every(({ files, sources }) =>
    !sources.test(source) || files.some((file) => filename.endsWith(`/packages/cli/src/${file}.ts`))
  )

const nameOf = (property) => property?.name ?? property?.value

const isOutput = (property) => ["stdout", "stderr"].includes(nameOf(property))

const sinkOnly = {
  create(context) {
    const filename = context.filename.replaceAll("\\", "/")
    if (!filename.includes("/packages/cli/src/") || filename.endsWith(sink)) return {}
    const report = (node) =>
      context.report({ node, message: `only ${sink} writes to the terminal: give its functions a SafeText` })
    const check = (node) => {
      const { source } = node
      if (!source) return
      const path = source.type === "TemplateLiteral" ? source.quasis[0].value.cooked : source.value
      if (typeof path !== "string" || source.expressions?.length > 0 || !mayImport(filename, path)) report(node)
    }
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration(node) {
        if (node.exportKind !== "type") check(node)
      },
      ExportAllDeclaration: check,
      CallExpression({ callee }) {
        if (isOutput(callee.type === "MemberExpression" ? callee.property : callee)) report(callee)
      },
      ObjectPattern({ properties }) {
        for (const { key, value } of properties) if (isOutput(key) && nameOf(value) !== nameOf(key)) report(key)
      },
      MemberExpression(node) {
        const { object: { name: object }, property } = node
        if (object === "Logger" && /^(console|default|tracer|withConsole|withLeveled)/.test(nameOf(property))) {
          report(node)
        }
        if (/stdio/i.test(object ?? "") && isOutput(property)) report(node)
      },
      Identifier(node) {
        if (node.name === "globalThis") report(node)
      }
    }
  }
}

export default { meta: { name: "house" }, rules: { imports, "no-run": noRun, sink: sinkOnly } }
