-- 1: no_rendezvous.lua:5: connect: no host has the service "rendezvous"
return {
  title = "A call with nobody to introduce the callers",
  world = function () return { alice = host {}, bob = host {} } end,
  run   = function (w) connect(w.alice, w.bob) end,
}
