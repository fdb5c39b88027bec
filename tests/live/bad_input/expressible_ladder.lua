-- 1: expressible_ladder.lua:8: connect: expressible: expected one rung in try, got 2
return {
  title = "A ladder of which some may not be tried",
  world = function ()
    return { server = host { services = { "rendezvous" } }, alice = host {}, bob = host {} }
  end,
  run = function (w)
    connect(w.alice, w.bob, { try = { "direct", "tcp-direct" }, expressible = true })
  end,
}
