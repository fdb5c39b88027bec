-- 1: fewer_rivals_than_none.lua:8: connect: rivals: caller: expected a number from 0 to 65535, got -1
return {
  title = "Fewer rivals than none",
  world = function ()
    return { server = host { services = { "rendezvous" } }, alice = host {}, bob = host {} }
  end,
  run = function (w)
    connect(w.alice, w.bob, { try = { "predict" }, rivals = { caller = -1 } })
  end,
}
