-- 1: (should have failed: expected 7)
return {
  title  = "A twin that fails for another reason than it should",
  params = { n = 1 },
  world  = function () return { alice = host {} } end,
  run    = function (_, p) expect(p.n):is(1) end,
  twins  = { { set = { n = 2 }, fails = "expected 7" } },
}
