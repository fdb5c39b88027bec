-- 1: unknown_node.lua:5: unknown node "alcie"; did you mean "alice"?
return {
  title = "A host that is not there",
  world = function () return { alice = host {} } end,
  run   = function (w) w.alcie:udp() end,
}
