// Preloaded where modules are loaded while it is measured: our packages as they are published, compiled.
import { registerHooks } from "node:module"

registerHooks({
  resolve: (specifier, context, next) => {
    const [, name, module] = /^@universal-mcp\/(\w+)\/(\w+)$/.exec(specifier) ?? []
    return name === undefined
      ? next(specifier, context)
      : next(new URL(`../../packages/${name}/dist/${module}.js`, import.meta.url).href, context)
  }
})
