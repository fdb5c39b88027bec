-- 2: twin_of_nothing.lua:7: scenario: twins: set: there is no parameter "m"
return {
  title  = "A twin that sets what is no parameter",
  params = { n = 1 },
  world  = function () return { alice = host {} } end,
  run    = function () end,
  twins  = { { set = { m = 2 }, fails = "x" } },
}
