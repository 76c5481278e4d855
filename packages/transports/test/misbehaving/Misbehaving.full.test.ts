import { suite } from "./suite.ts"

suite("all others")
