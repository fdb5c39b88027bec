-- 1: unknown_rival.lua:8: connect: rivals: unknown key "callers"; did you mean "caller"?
return {
  title = "Rivals of nobody",
  world = function ()
    return { server = host { services = { "rendezvous" } }, alice = host {}, bob = host {} }
  end,
  run = function (w)
    connect(w.alice, w.bob, { try = { "predict" }, rivals = { callers = 1 } })
  end,
}
