-- Scenarios and models run in a sandbox: these are the globals that it has, and no others.
std = {
  read_globals = {
    "assert", "error", "ipairs", "math", "next", "pairs", "pcall", "print", "rawequal", "rawget", "rawlen", "rawset",
    "select", "setmetatable", "string", "table", "tonumber", "tostring", "type", "utf8", "xpcall",
    "host", "net", "connect", "expect",
  },
}
max_line_length = 120

-- Annotations for editors: nothing in it runs.
files["scenarios/knothole.d.lua"] = { globals = { "host", "net", "connect", "expect" }, ignore = { "2" } }

-- These are wrong on purpose.
exclude_files = { "tests/live/bad_input" }
