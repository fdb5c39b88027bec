-- 1: too_much_memory.lua: not enough memory
return {
  title = "More memory than it may have",
  world = function () return { alice = host {} } end,
  run   = function () return string.rep("x", 1 << 30) end,
}
