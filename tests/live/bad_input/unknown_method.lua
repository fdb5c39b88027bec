-- 1: unknown_method.lua:7: connect: unknown method "punhc"; did you mean "punch"?
return {
  title = "A method that there is not",
  world = function ()
    return { server = host { services = { "rendezvous" } }, alice = host {}, bob = host {} }
  end,
  run   = function (w) connect(w.alice, w.bob, { try = { "punhc" } }) end,
}
