-- 1: finaliser.lua:5: a finaliser (__gc) is not allowed
return {
  title = "A finaliser, which no budget counts",
  world = function () return { alice = host {} } end,
  run   = function () setmetatable({}, { __gc = function () while true do end end }) end,
}
