-- 1: forbidden_global.lua:5: there is no global "os"
return {
  title = "Outside the sandbox",
  world = function () return { alice = host {} } end,
  run   = function () os.exit(0) end,
}
