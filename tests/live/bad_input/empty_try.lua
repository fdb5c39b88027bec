-- 1: empty_try.lua:8: connect: try: expected at least one method, got an empty list
return {
  title = "A call by no method at all",
  world = function ()
    return { server = host { services = { "rendezvous" } }, alice = host {}, bob = host {} }
  end,
  run = function (w)
    connect(w.alice, w.bob, { try = {} })
  end,
}
