-- 1: waits_for_ever.lua:6: ran out of its time of 5s, still waiting here
return {
  title = "An actor that waits for what never comes",
  world = function () return { alice = host {} } end,
  run   = function (w)
    w:spawn(function () w.alice:udp():recv { within = "1h" } end)
  end,
}
