-- 1: the twin was to fail with "expected direct", and passed
return {
  title  = "A twin that does not fail",
  params = { n = 1 },
  world  = function () return { alice = host {} } end,
  run    = function (_, p) expect(p.n):is_at_least(1) end,
  twins  = { { set = { n = 2 }, fails = "expected direct" } },
}
