-- 1: endless_pattern.lua
-- The instruction budget does not see inside one call of string.find(): the clock must.
return {
  title = "A pattern that would take centuries",
  world = function () return { alice = host {} } end,
  run   = function ()
    return string.find(string.rep("a", 100000), string.rep("a?", 30) .. ".-.-.-.-.-.-.-.-b")
  end,
}
