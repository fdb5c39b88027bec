-- 1: bad_filter.lua:5:
return {
  title = "A filter that is none",
  world = function () return { alice = host {} } end,
  run   = function (w) expect(w.alice):saw_nothing "udp and and" end,
}
