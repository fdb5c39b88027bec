-- 1: unmet.lua:10: method of alice's call to bob: expected punch, found direct
return {
  title = "An expectation that the capture does not meet",
  world = function ()
    return { server = host { services = { "rendezvous" } }, alice = host {}, bob = host {} }
  end,
  run   = function (w)
    local call = connect(w.alice, w.bob)
    call:talk { frames = 3, every = "5ms" }
    expect(call.method):is "punch"
  end,
}
